import { createSocket, type Socket } from 'node:dgram'
import { UdpSocket } from '@clarion-lb/linux-net'
import type { IpAddress } from '@clarion-lb/netaddr'
import type { LivenessAddress } from './transport.ts'

export interface ProbeSocketOptions {
  readonly localAddress: (family: 4 | 6) => IpAddress | undefined
  readonly device: string | undefined
  readonly trafficClass: number
  readonly onRefused: (tag: bigint) => void
  /** It could not be sent after all, and is to go by the ordinary socket. */
  readonly onUnsent: (bytes: Uint8Array, to: LivenessAddress) => void
}

interface Probe {
  readonly key: string
  readonly socket: Socket
  isConnected: boolean
  sent: number
}

/** More members than that are not watched at once; who was probed longest ago gives way. */
const MAX_SOCKETS = 32
/** Each of so many probes goes by the ordinary socket: a firewall may let only that port through. */
const ORDINARY_EACH = 3
/** These pass, and say nothing of the socket. */
const PASSING: ReadonlySet<unknown> = new Set(['EAGAIN', 'EINTR', 'ENOBUFS'])

/** A connected socket for each watched member: the kernel tells only those that a port is closed. */
export class ProbeSockets {
  readonly #options: ProbeSocketOptions
  readonly #probes: Map<bigint, Probe> = new Map()

  constructor(options: ProbeSocketOptions) {
    this.#options = options
  }

  /** Whether it was sent; if not, it is to go by the ordinary socket. */
  send(bytes: Uint8Array, to: LivenessAddress, tag: bigint): boolean {
    const key = `${to.address.toString()} ${to.port}`
    let probe = this.#probes.get(tag)
    if (probe?.key !== key) {
      this.#drop(tag)
      probe = this.#open(key, to, tag)
    } else {
      this.#probes.delete(tag)
    }
    if (probe === undefined) return false
    this.#probes.set(tag, probe)
    probe.sent += 1
    if (!probe.isConnected || probe.sent % ORDINARY_EACH === 0) return false
    const sent = probe
    probe.socket.send(bytes, (error) => {
      if (error instanceof Error && this.#failed(tag, sent, error)) this.#options.onUnsent(bytes, to)
    })
    return true
  }

  close(): void {
    for (const tag of this.#probes.keys()) this.#drop(tag)
  }

  #open(key: string, to: LivenessAddress, tag: bigint): Probe | undefined {
    const { localAddress, device, trafficClass } = this.#options
    const { family } = to.address
    for (const oldest of this.#probes.keys()) {
      if (this.#probes.size < MAX_SOCKETS) break
      this.#drop(oldest)
    }
    try {
      const descriptor = UdpSocket.open({ family, localAddress: localAddress(family), device, trafficClass })
      const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
      const probe: Probe = { key, socket, isConnected: false, sent: 0 }
      socket.on('error', (error) => void this.#failed(tag, probe, error))
      // Answers come by the ordinary socket; what comes here is nothing of ours.
      socket.on('connect', () => {
        probe.isConnected = true
      })
      // With a descriptor that is bound already, this is done at once.
      socket.bind({ fd: descriptor.handOver(), exclusive: true })
      const { address, port } = to
      const zone = device !== undefined && address.family === 6 && address.isLinkLocal ? `%${device}` : ''
      socket.connect(port, `${address.toString()}${zone}`)
      return probe
    } catch {
      // Out of descriptors, or no such address: there is the ordinary socket.
      return undefined
    }
  }

  /** @returns whether the socket is of no use any more; the next probe has another one */
  #failed(tag: bigint, probe: Probe, error: Error): boolean {
    const code = 'code' in error ? error.code : undefined
    if (this.#probes.get(tag) !== probe || PASSING.has(code)) return false
    if (code === 'ECONNREFUSED') {
      this.#options.onRefused(tag)
      return false
    }
    // There was no way to it, or the address that it was connected from is not this machine's any more.
    this.#drop(tag)
    return true
  }

  #drop(tag: bigint): void {
    const probe = this.#probes.get(tag)
    if (probe === undefined) return
    this.#probes.delete(tag)
    probe.socket.close()
  }
}
