import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTcpMd5Key, setTcpOptions, TcpSocket, unsupportedReason } from '@clarion-lb/linux-net'
import type { IpAddress } from '@clarion-lb/netaddr'
import { BgpOptionsError, DEFAULTS, type ListenAddress } from './options.ts'

/** RFC 5082 §3: so that a peer that drops what is less gets the answer to its SYN. */
const TTL = 255

/** One listening socket. The keys of peers are set on it while it listens. */
export class Listener {
  readonly #options: ListenAddress
  readonly #onConnection: (socket: Socket) => void
  readonly #keys: Map<string, { readonly peer: IpAddress; readonly key: Uint8Array }> = new Map()
  #minTtl = 0
  #server: Server | undefined
  /** Of the server, which closes it; `undefined` where there are no keys. */
  #fd: number | undefined

  constructor(options: ListenAddress, onConnection: (socket: Socket) => void) {
    this.#options = options
    this.#onConnection = onConnection
  }

  /** The one that listens, also if it was chosen; `undefined` before the start. */
  get port(): number | undefined {
    const address = this.#server?.address()
    return typeof address === 'object' && address !== null ? address.port : undefined
  }

  /** @throws LinuxNetError, or the system's error: the address or port cannot be had. */
  async start(): Promise<void> {
    const { address, port = DEFAULTS.port, device } = this.#options
    const server = createServer(this.#onConnection)
    if (unsupportedReason() === undefined) {
      const socket = TcpSocket.open({
        family: address.family,
        localAddress: address,
        localPort: port,
        isDualStack: this.#isDualStack,
        ttl: TTL,
        minTtl: this.#minTtl,
        ...(device === undefined ? {} : { device })
      })
      this.#fd = socket.fd
      for (const { peer, key } of this.#keys.values()) this.#apply(peer, key)
      server.listen({ fd: socket.fd })
    } else {
      if (device !== undefined) throw new BgpOptionsError('listen.device', 'cannot be had here')
      server.listen({ host: address.toString(), port, ipv6Only: !this.#isDualStack })
    }
    this.#server = server
    await once(server, 'listening')
    // One connection could not be accepted, for want of descriptors: the peer tries again, and so does the system.
    server.on('error', () => undefined)
  }

  /**
   * Sets or changes the key of a peer, or removes it with `undefined`.
   *
   * @throws LinuxNetError
   */
  setKey(peer: IpAddress, key: Uint8Array | undefined): void {
    const { address } = this.#options
    if (peer.family !== address.family && !(peer.family === 4 && this.#isDualStack)) return
    const name = peer.toString()
    if (key === undefined && !this.#keys.delete(name)) return
    if (key !== undefined) this.#keys.set(name, { peer, key })
    this.#apply(peer, key)
  }

  /**
   * Drops what arrives with less, before it becomes a connection (RFC 5082). 0: nothing.
   *
   * @throws LinuxNetError
   */
  setMinTtl(minTtl: number): void {
    this.#minTtl = minTtl
    if (this.#fd !== undefined) setTcpOptions(this.#fd, this.#options.address.family, { minTtl })
  }

  /** Connections that were accepted stay. */
  stop(): void {
    const server = this.#server
    this.#server = undefined
    this.#fd = undefined
    if (server === undefined) return
    // It says so only when all connections that it accepted are closed, and those are their sessions'.
    server.close()
  }

  get #isDualStack(): boolean {
    const { address } = this.#options
    return address.family === 6 && address.isUnspecified
  }

  #apply(peer: IpAddress, key: Uint8Array | undefined): void {
    if (this.#fd !== undefined) setTcpMd5Key(this.#fd, this.#options.address.family, peer, key)
  }
}
