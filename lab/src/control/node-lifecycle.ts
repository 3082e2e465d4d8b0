/** When a node was last heard of, by our own clock: two machines' clocks are never compared. */
export class HeartbeatLedger {
  readonly #graceMs: number
  readonly #heard = new Map<string, { renewTime: string; atMs: number }>()

  constructor(options: { readonly graceMs: number }) {
    this.#graceMs = options.graceMs
  }

  /** Notes what a node's Lease says now. */
  hear(nodeName: string, renewTime: string, nowMs: number): void {
    if (this.#heard.get(nodeName)?.renewTime !== renewTime)
      this.#heard.set(nodeName, { renewTime, atMs: nowMs })
  }

  /** Whether the node was heard of within the grace period. One that was never heard of is not ready. */
  isReady(nodeName: string, nowMs: number): boolean {
    const heard = this.#heard.get(nodeName)
    return heard !== undefined && nowMs - heard.atMs <= this.#graceMs
  }
}
