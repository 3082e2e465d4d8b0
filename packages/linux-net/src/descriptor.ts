import { type BpfInstruction, encodeBpf } from './bpf.ts'
import { check, IS_LITTLE_ENDIAN, intBytes, libc } from './libc.ts'

/** Option levels and names of Linux's generic socket ABI; the same on every architecture that koffi has a binary for. */
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_ATTACH_FILTER = 26
const SO_RCVBUFFORCE = 33

/** A file descriptor of ours, closed once. */
export class Descriptor {
  #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  /** −1 when closed. */
  get fd(): number {
    return this.#fd
  }

  /** @throws LinuxNetError */
  setOption(level: number, name: number, value: Uint8Array, label: string): void {
    check(`setsockopt ${label}`, libc().setsockopt(this.#fd, level, name, value, value.length))
  }

  /** @throws LinuxNetError; with ENOMEM the old filter stays: net.core.optmem_max bounds old and new together */
  attachFilter(program: readonly BpfInstruction[]): void {
    const { address, pointerBytes } = libc()
    const instructions = encodeBpf(program, IS_LITTLE_ENDIAN)
    // struct sock_fprog: unsigned short len; struct sock_filter *filter
    const fprog = new Uint8Array(2 * pointerBytes)
    const view = new DataView(fprog.buffer)
    view.setUint16(0, program.length, IS_LITTLE_ENDIAN)
    if (pointerBytes === 8) view.setBigUint64(8, address(instructions), IS_LITTLE_ENDIAN)
    else view.setUint32(4, Number(address(instructions)), IS_LITTLE_ENDIAN)
    this.setOption(SOL_SOCKET, SO_ATTACH_FILTER, fprog, 'SO_ATTACH_FILTER')
  }

  /** Asks for a receive buffer, above the system's limit if CAP_NET_ADMIN allows it. */
  setReceiveBuffer(sizeBytes: number): void {
    const { setsockopt } = libc()
    const value = intBytes(sizeBytes)
    if (setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, value, 4) === 0) return
    // What the limit allows is better than nothing: net.core.rmem_max cuts, and does not refuse.
    this.setOption(SOL_SOCKET, SO_RCVBUF, value, 'SO_RCVBUF')
  }

  close(): void {
    if (this.#fd === -1) return
    const fd = this.#fd
    this.#fd = -1
    // After close() the number is free again whatever it returns (close(2), "Dealing with error returns").
    libc().close(fd)
  }
}
