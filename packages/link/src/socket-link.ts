import { connect, type Socket } from 'node:net'
import { type Ipv6Address, MacAddress, parseIpAddress } from '@clarion-lb/netaddr'
import type {
  Link,
  LinkCounters,
  LinkHandlers,
  LinkInterest,
  LinkInterestChange,
  LinkInterface,
  SendResult
} from './link.ts'
import { MemoryLink } from './memory-link.ts'
import { MemorySegment, type SegmentPort } from './memory-segment.ts'
import { encodeFrame, encodeNotice, type Notice, RecordReader } from './segment-wire.ts'

export interface SocketLinkOptions extends LinkHandlers {
  /** Of the Unix socket, or named pipe, of a `SegmentServer`. */
  readonly path: string
  /** Name of the port to be. */
  readonly port: string
}

const RECONNECT_MS = 100
const MAX_QUEUED_BYTES = 1 << 20

/**
 * The one interface of a port on a segment that another process serves: for demonstrations and tests where no network may
 * be touched. While the other process is away there is no interface; it is waited for.
 */
export class SocketLink implements Link {
  readonly #options: SocketLinkOptions
  /** Filters, counts and tells of changes as every link in memory does; its only other port leads to the socket. */
  readonly #local: MemoryLink
  readonly #segment = new MemorySegment()
  readonly #uplink: SegmentPort
  /** Also while it is being connected. */
  #socket: Socket | undefined
  #index: number | undefined
  #reconnect: NodeJS.Timeout | undefined
  #isStarted = false

  constructor(options: SocketLinkOptions) {
    this.#options = options
    this.#local = new MemoryLink(options)
    this.#uplink = {
      isConnected: () => this.#socket?.readyState === 'open',
      deliver: (frame) => {
        const socket = this.#socket
        if (socket !== undefined && socket.writableLength < MAX_QUEUED_BYTES) socket.write(encodeFrame(frame))
      }
    }
    this.#segment.attach(this.#uplink)
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#local.start()
    this.#connect()
  }

  interfaces(): ReadonlyMap<number, LinkInterface> {
    return this.#local.interfaces()
  }

  send(interfaceIndex: number, frame: Uint8Array): SendResult {
    return this.#local.send(interfaceIndex, frame)
  }

  setInterest(interest: LinkInterest): void {
    this.#local.setInterest(interest)
  }

  changeInterest(change: LinkInterestChange): void {
    this.#local.changeInterest(change)
  }

  joinGroup(interfaceIndex: number, group: Ipv6Address): void {
    this.#local.joinGroup(interfaceIndex, group)
  }

  leaveGroup(interfaceIndex: number, group: Ipv6Address): void {
    this.#local.leaveGroup(interfaceIndex, group)
  }

  counters(): LinkCounters {
    return this.#local.counters()
  }

  async run(signal: AbortSignal): Promise<void> {
    this.start()
    await this.#local.run(signal)
    this.stop()
  }

  stop(): void {
    this.#isStarted = false
    clearTimeout(this.#reconnect)
    this.#socket?.destroy()
    this.#socket = undefined
    this.#local.stop()
  }

  #connect(): void {
    const reader = new RecordReader()
    const socket = connect(this.#options.path)
    this.#socket = socket
    socket.on('connect', () => socket.write(encodeNotice({ type: 'attach', port: this.#options.port })))
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk, {
          onNotice: (notice) => this.#onNotice(notice),
          onFrame: (frame) => void this.#segment.transmit(this.#uplink, frame)
        })
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined)
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#onClose(socket))
  }

  #onNotice(notice: Notice): void {
    if (notice.type !== 'interface') return
    const addresses = notice.addresses.map(({ address, prefixLength }) => ({
      address: parseIpAddress(address),
      prefixLength
    }))
    const mac = MacAddress.parse(notice.mac)
    this.#index ??= this.#local.addInterface({ name: notice.name, mac, addresses, segment: this.#segment })
    this.#local.changeInterface(this.#index, { addresses, hasCarrier: notice.hasCarrier })
  }

  #onClose(socket: Socket): void {
    // Stopped and started again meanwhile: the interface is another connection's.
    if (this.#socket !== undefined && this.#socket !== socket) return
    this.#socket = undefined
    if (this.#index !== undefined) this.#local.removeInterface(this.#index)
    this.#index = undefined
    if (this.#isStarted) this.#reconnect = setTimeout(() => this.#connect(), RECONNECT_MS)
  }
}
