import type { Ipv6Address } from '@clarion-lb/netaddr'
import {
  decodeRouterMessage,
  encodeRouterAdvertisement,
  encodeRouterSolicitation
} from './router-messages.ts'
import { openRouterPort, type RouterPort } from './router-port.ts'

/**
 * Finds the router on an interface, and shows ourselves to it.
 *
 * @param onNeighbor is told its link-local address each time it is heard of
 * @returns what ends it
 */
export type DiscoverNeighbor = (
  interfaceName: string,
  onNeighbor: (linkLocal: Ipv6Address) => void
) => () => void

/** How often frames are read. They are a few a minute. */
const POLL_INTERVAL_MS = 200
/** Until the interface is there. */
const OPEN_INTERVAL_MS = 1000
/** RFC 4861 §6.2.1 has minutes; a neighbour that speaks BGP by this wants to know sooner. */
const ADVERTISE_INTERVAL_MS = 10_000
/** RFC 4861 §6.3.7: RTR_SOLICITATION_INTERVAL, MAX_RTR_SOLICITATIONS. */
const SOLICIT_INTERVAL_MS = 4000
const MAX_SOLICITATIONS = 3

/** By router advertisements on Linux (RFC 4861). What fails is tried again: interfaces come and go. */
export const discoverNeighbor: DiscoverNeighbor = (interfaceName, onNeighbor) => {
  const discovery = new NeighborDiscovery(() => openRouterPort(interfaceName), onNeighbor)
  discovery.start()
  return () => discovery.stop()
}

/** Router discovery on one interface, through a port that can be lost and opened again. */
export class NeighborDiscovery {
  readonly #open: () => RouterPort | undefined
  readonly #onNeighbor: (linkLocal: Ipv6Address) => void
  #port: RouterPort | undefined
  #timer: NodeJS.Timeout | undefined
  #isRunning = false
  #advertiseAtMs = 0
  #solicitAtMs = 0
  #solicitations = 0

  /** @param open as `openRouterPort`; it may throw, and is called again later */
  constructor(open: () => RouterPort | undefined, onNeighbor: (linkLocal: Ipv6Address) => void) {
    this.#open = open
    this.#onNeighbor = onNeighbor
  }

  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#timer = setTimeout(() => this.#turn(), 0)
  }

  stop(): void {
    this.#isRunning = false
    clearTimeout(this.#timer)
    this.#close()
  }

  #turn(): void {
    this.#port ??= this.#tryOpen()
    const intervalMs = this.#port === undefined ? OPEN_INTERVAL_MS : POLL_INTERVAL_MS
    if (this.#port !== undefined && !this.#work(this.#port, performance.now())) this.#close()
    // A neighbour that was told may have been the reason to stop.
    if (this.#isRunning) this.#timer = setTimeout(() => this.#turn(), intervalMs)
    else this.#close()
  }

  #tryOpen(): RouterPort | undefined {
    try {
      const port = this.#open()
      this.#advertiseAtMs = 0
      this.#solicitAtMs = 0
      this.#solicitations = 0
      return port
    } catch {
      return undefined
    }
  }

  /** @returns whether the port is still of use. */
  #work(port: RouterPort, nowMs: number): boolean {
    try {
      if (nowMs >= this.#advertiseAtMs) {
        this.#advertiseAtMs = nowMs + ADVERTISE_INTERVAL_MS
        if (!port.send(encodeRouterAdvertisement(port))) return false
      }
      if (this.#solicitations < MAX_SOLICITATIONS && nowMs >= this.#solicitAtMs) {
        this.#solicitations += 1
        this.#solicitAtMs = nowMs + SOLICIT_INTERVAL_MS
        if (!port.send(encodeRouterSolicitation(port))) return false
      }
      return port.receive((frame) => this.#take(frame, port))
    } catch {
      return false
    }
  }

  #take(frame: Uint8Array, port: RouterPort): void {
    const message = decodeRouterMessage(frame)
    if (message === undefined || message.source.equals(port.linkLocal)) return
    if (message.type === 'advertisement') {
      this.#solicitations = MAX_SOLICITATIONS
      this.#onNeighbor(message.source)
    } else if (message.source.isLinkLocal) {
      // RFC 4861 §6.2.6: by unicast the answer needs no rate limit.
      port.send(encodeRouterAdvertisement(port, { address: message.source, mac: message.sourceMac }))
    }
  }

  #close(): void {
    this.#port?.close()
    this.#port = undefined
  }
}
