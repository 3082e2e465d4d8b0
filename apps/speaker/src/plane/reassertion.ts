import { DEFEND_INTERVAL_MS } from '@clarion-lb/arp'

/** A host that takes an address over claims it several times; after this long without a claim it is done. */
const SETTLE_MS = 1500
const LONGEST_INTERVAL_MS = 600_000

/**
 * When to announce an address again that another host has claimed, and that is still ours: another of our nodes may have
 * believed to be its announcer for a moment, and the neighbours go on believing it.
 *
 * Two hosts that both insist do not fight: the interval begins with RFC 5227's (§2.4(c)) and doubles, until there is quiet.
 */
export class Reassertion {
  #lastMs = Number.NEGATIVE_INFINITY
  #intervalMs = DEFEND_INTERVAL_MS / 2

  /** Another host has claimed the address. @returns milliseconds until it is to be announced again */
  delayMs(nowMs: number): number {
    if (nowMs - this.#lastMs > 2 * this.#intervalMs) this.#intervalMs = DEFEND_INTERVAL_MS / 2
    return Math.max(SETTLE_MS, this.#lastMs + this.#intervalMs - nowMs)
  }

  /** It was announced again. */
  done(nowMs: number): void {
    this.#lastMs = nowMs
    this.#intervalMs = Math.min(2 * this.#intervalMs, LONGEST_INTERVAL_MS)
  }
}
