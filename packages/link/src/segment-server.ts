import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { MacAddress } from '@clarion-lb/netaddr'
import type { LinkAddress } from './link.ts'
import type { MemorySegment, SegmentPort } from './memory-segment.ts'
import { encodeFrame, encodeNotice, RecordReader } from './segment-wire.ts'

/** A port that another process may attach to by its name. */
export interface ServedPort {
  readonly name: string
  /** Of the interface, as the other process sees it. */
  readonly interface: string
  readonly mac: MacAddress
  readonly addresses: readonly LinkAddress[]
}

export interface SegmentServerOptions {
  readonly segment: MemorySegment
  /** Of the Unix socket, or named pipe, to listen on. */
  readonly path: string
  readonly ports: readonly ServedPort[]
}

/** A reader that is this far behind loses frames, as on a wire. */
const MAX_QUEUED_BYTES = 1 << 20

/** Lets other processes onto a segment in memory, each by a {@link SocketLink}. */
export class SegmentServer {
  readonly #options: SegmentServerOptions
  readonly #connections = new Set<Socket>()
  /** By the port that they attached to. */
  readonly #sockets = new Map<string, Set<Socket>>()
  readonly #unplugged = new Set<string>()
  readonly #server: Server

  constructor(options: SegmentServerOptions) {
    this.#options = options
    this.#server = createServer((socket) => this.#accept(socket))
  }

  async start(): Promise<void> {
    this.#server.listen(this.#options.path)
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  /** Pulls a port's cable, or puts it back. */
  setCarrier(port: string, hasCarrier: boolean): void {
    if (hasCarrier) this.#unplugged.delete(port)
    else this.#unplugged.add(port)
    for (const socket of this.#sockets.get(port) ?? []) this.#tellInterface(port, socket)
  }

  #accept(socket: Socket): void {
    const { segment } = this.#options
    const reader = new RecordReader()
    let port: SegmentPort | undefined
    this.#connections.add(socket)
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk, {
          onNotice: (notice) => {
            if (notice.type === 'attach' && port === undefined) port = this.#attach(notice.port, socket)
          },
          onFrame: (frame) => {
            if (port?.isConnected() === true) segment.transmit(port, frame)
          }
        })
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined)
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#connections.delete(socket)
      if (port !== undefined) segment.detach(port)
      for (const sockets of this.#sockets.values()) sockets.delete(socket)
    })
  }

  #attach(name: string, socket: Socket): SegmentPort | undefined {
    if (this.#find(name) === undefined) {
      socket.destroy()
      return undefined
    }
    const port: SegmentPort = {
      isConnected: () => !this.#unplugged.has(name) && !socket.destroyed,
      deliver: (frame) => {
        if (socket.writableLength < MAX_QUEUED_BYTES) socket.write(encodeFrame(frame))
      }
    }
    this.#options.segment.attach(port)
    const sockets = this.#sockets.get(name) ?? new Set()
    this.#sockets.set(name, sockets.add(socket))
    this.#tellInterface(name, socket)
    return port
  }

  #tellInterface(name: string, socket: Socket): void {
    const port = this.#find(name)
    if (port === undefined) return
    socket.write(
      encodeNotice({
        type: 'interface',
        name: port.interface,
        mac: port.mac.toString(),
        addresses: port.addresses.map(({ address, prefixLength }) => ({
          address: address.toString(),
          prefixLength
        })),
        hasCarrier: !this.#unplugged.has(name)
      })
    )
  }

  #find(name: string): ServedPort | undefined {
    return this.#options.ports.find((port) => port.name === name)
  }
}
