import { PacketLink } from '@clarion-lb/link'
import { Ipv4Address } from '@clarion-lb/netaddr'

const TIMEOUT_MS = 30_000

/** Hears the first gratuitous ARP of each address of the sample pool, 10.77.0.0/22. */
export class Ears {
  readonly #ended = new AbortController()
  readonly #heard = new Set<number>()
  readonly #link: PacketLink
  #running: Promise<void> | undefined
  #resolve: ((atMs: number) => void) | undefined

  constructor() {
    this.#link = new PacketLink({ onFrame: (frame) => this.#hear(frame) })
  }

  start(): void {
    this.#link.start()
    const first = Ipv4Address.parse('10.77.0.0').toNumber()
    this.#link.setInterest({
      interfaces: this.#link.interfaces().keys(),
      arpAddresses: Array.from({ length: 1024 }, (_, i) => Ipv4Address.fromNumber(first + i)),
      ndpAddresses: []
    })
    this.#running = this.#link.run(this.#ended.signal)
  }

  /** Resolves with the time at which an address is heard for the first time. */
  next(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const timer = setTimeout(() => reject(new Error('nothing was announced in time')), TIMEOUT_MS)
    this.#resolve = (atMs) => {
      clearTimeout(timer)
      resolve(atMs)
    }
    return promise
  }

  async stop(): Promise<void> {
    this.#ended.abort()
    await this.#running
  }

  #hear(frame: Uint8Array): void {
    // The sender's protocol address.
    const address = new DataView(frame.buffer, frame.byteOffset).getUint32(28)
    if (this.#heard.has(address)) return
    this.#heard.add(address)
    this.#resolve?.(performance.now())
    this.#resolve = undefined
  }
}
