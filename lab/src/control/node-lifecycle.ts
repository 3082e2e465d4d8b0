/** Longest silence of all nodes together that counts as time passing. */
const LONGEST_GAP_MS = 1000

/**
 * When a node was last heard of, by our own clock: two machines' clocks are never compared. Time passes only while any node
 * is heard of: when all are silent at once it is the API server that is away, and no node is to blame.
 */
export class HeartbeatLedger {
  readonly #graceMs: number
  readonly #heard = new Map<string, { renewTime: string; atClockMs: number }>()
  #clockMs = 0
  #lastHeardMs: number | undefined

  constructor(options: { readonly graceMs: number }) {
    this.#graceMs = options.graceMs
  }

  /** Notes what a node's Lease says now. */
  hear(nodeName: string, renewTime: string, nowMs: number): void {
    if (this.#heard.get(nodeName)?.renewTime === renewTime) return
    this.#clockMs = this.#clockAt(nowMs)
    this.#lastHeardMs = nowMs
    this.#heard.set(nodeName, { renewTime, atClockMs: this.#clockMs })
  }

  /** Whether the node was heard of within the grace period. One that was never heard of is not ready. */
  isReady(nodeName: string, nowMs: number): boolean {
    const heard = this.#heard.get(nodeName)
    return heard !== undefined && this.#clockAt(nowMs) - heard.atClockMs <= this.#graceMs
  }

  #clockAt(nowMs: number): number {
    const silenceMs = nowMs - (this.#lastHeardMs ?? nowMs)
    return this.#clockMs + Math.min(silenceMs, LONGEST_GAP_MS)
  }
}
