/** Pauses up to this are covered by the time that is waited anyhow. */
const FREE_PAUSE_MS = 60
const MAX_PATIENCE_MS = 2000
const PATIENCE_HALF_LIFE_MS = 10_000
/** Less than this is not worth a word. */
const LEAST_PATIENCE_MS = 20
/** Lost probes are averaged over about this many. */
const LOSS_SAMPLES = 64
/** Fewer are not noticed. */
const LEAST_LOSS = 0.03
const LOSS_FACTOR = 1.5

/** How well this member itself does: what it asks others to bear, and how much it believes its own eyes. */
export class Health {
  #patienceMs = 0
  #patienceSinceMs = 0
  #loss = 0

  /** This process did nothing for that long. */
  paused(nowMs: number, pauseMs: number): void {
    const patienceMs = Math.min((pauseMs - FREE_PAUSE_MS) * 1.5, MAX_PATIENCE_MS)
    if (patienceMs <= this.patienceMs(nowMs)) return
    this.#patienceMs = patienceMs
    this.#patienceSinceMs = nowMs
  }

  /** What others are asked to wait longer: by the worst pause, halved every ten seconds. */
  patienceMs(nowMs: number): number {
    if (this.#patienceMs === 0) return 0
    const patienceMs = this.#patienceMs * 0.5 ** ((nowMs - this.#patienceSinceMs) / PATIENCE_HALF_LIFE_MS)
    if (patienceMs >= LEAST_PATIENCE_MS) return patienceMs
    this.#patienceMs = 0
    return 0
  }

  /** A member that is alive answered, after so many pings that it did not answer. */
  answered(unanswered: number): void {
    for (let i = 0; i < Math.min(unanswered, LOSS_SAMPLES); i += 1) this.#sample(1)
    this.#sample(0)
  }

  /** How much longer to wait for anybody, as a share: probes that get lost by themselves prove little. */
  get lossFactor(): number {
    return this.#loss < LEAST_LOSS ? 0 : Math.min(1, this.#loss * LOSS_FACTOR)
  }

  #sample(lost: 0 | 1): void {
    this.#loss += (lost - this.#loss) / LOSS_SAMPLES
  }
}
