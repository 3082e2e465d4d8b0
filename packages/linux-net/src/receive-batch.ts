import { ERRNO, LinuxNetError } from './errors.ts'
import { IS_LITTLE_ENDIAN, libc } from './libc.ts'
import type { ReceiveRound } from './packet-socket.ts'
import { allocateReceiveMemory, type ReceiveMemory } from './receive-memory.ts'

const MSG_DONTWAIT = 0x40
const FRAMES = 64
/** ARP and ND frames are short, but ND options may fill a frame of 9000; what is longer is cut and told by its length. */
const FRAME_BYTES = 9216
const ADDRESS_BYTES = 20

/** Memory for reading many frames with one call (recvmmsg(2)), laid out once. */
export class ReceiveBatch {
  #memory: ReceiveMemory | undefined
  #addresses: DataView | undefined

  /** @throws LinuxNetError for an errno that does not go away by itself */
  receive(
    fd: number,
    onFrame: (frame: Uint8Array, interfaceIndex: number, packetType: number) => void
  ): ReceiveRound {
    const { recvmmsg, errno } = libc()
    this.#memory ??= allocateReceiveMemory({
      count: FRAMES,
      packetBytes: FRAME_BYTES,
      addressBytes: ADDRESS_BYTES
    })
    const { messages, view, packets, messageBytes, lengthOffset } = this.#memory
    this.#addresses ??= new DataView(this.#memory.addresses.buffer)
    const addresses = this.#addresses
    const count = recvmmsg(fd, messages, FRAMES, MSG_DONTWAIT, null)
    if (count < 0) return failed(errno())
    for (let i = 0; i < count; i += 1) {
      const length = Math.min(view.getUint32(i * messageBytes + lengthOffset, IS_LITTLE_ENDIAN), FRAME_BYTES)
      const start = i * FRAME_BYTES
      const interfaceIndex = addresses.getInt32(i * ADDRESS_BYTES + 4, IS_LITTLE_ENDIAN)
      const packetType = addresses.getUint8(i * ADDRESS_BYTES + 10)
      onFrame(packets.subarray(start, start + length), interfaceIndex, packetType)
    }
    return { frames: count, errors: 0, isFull: count === FRAMES }
  }
}

function failed(errno: number): ReceiveRound {
  if (errno === ERRNO.EAGAIN) return { frames: 0, errors: 0, isFull: false }
  // Each is reported once and is then over: an interface went down, the kernel was short of memory, a signal came.
  if (errno === ERRNO.ENETDOWN || errno === ERRNO.ENOBUFS || errno === ERRNO.ENXIO || errno === ERRNO.EINTR)
    return { frames: 0, errors: errno === ERRNO.EINTR ? 0 : 1, isFull: true }
  throw new LinuxNetError('recvmmsg', errno)
}
