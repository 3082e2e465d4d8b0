/** Whether this node is cut off. `'checking'`: that is being found out. */
export type Seclusion = 'connected' | 'checking' | 'alone' | 'cutOff'

/** An answer of the gateway counts for so long. */
const ANSWER_LIFE_MS = 2000
/** A gateway that does not answer within this does not. */
const CHECK_MS = 300
const CHECK_INTERVAL_MS = 40
const RECHECK_INTERVAL_MS = 500
/** While all is well it is only found out whether it answers at all. */
const IDLE_INTERVAL_MS = 60_000
/** Without a gateway, who hears nobody after several went at once waits so long before it believes to be the last. */
const DOUBT_MS = 10_000

/**
 * Tells whether a node that hears no other one is cut off, or is the last one:
 * - with a default gateway that ever answered (ARP, NDP): it is cut off if that one does not answer, too;
 * - without: it is the last one if the others went one after the other, each with a verdict; if several went in one
 *   moment, it rather is this node, for ten seconds.
 */
export class SeclusionWatch {
  readonly #takeBackMs: number
  #lonelySinceMs: number | undefined
  #isJudged = false
  #answeredMs = Number.NEGATIVE_INFINITY
  #answersSinceMs = Number.POSITIVE_INFINITY
  #probedMs = Number.NEGATIVE_INFINITY
  #wasCutOff = false

  /** @param takeBackMs so long a gateway that was away must answer before it is believed */
  constructor(takeBackMs: number) {
    this.#takeBackMs = takeBackMs
  }

  /**
   * @param isLonely no other node answers, of those that a speaker was heard on
   * @param isJudged each of those was declared dead
   */
  update(isLonely: boolean, isJudged: boolean, nowMs: number): void {
    this.#isJudged = isJudged
    if (isLonely === (this.#lonelySinceMs !== undefined)) return
    this.#lonelySinceMs = isLonely ? nowMs : undefined
    this.#wasCutOff = false
    if (isLonely) this.#probedMs = Number.NEGATIVE_INFINITY
  }

  gatewayAnswered(nowMs: number): void {
    if (nowMs - this.#answeredMs > ANSWER_LIFE_MS) this.#answersSinceMs = nowMs
    this.#answeredMs = nowMs
  }

  /** There is another gateway, or none: nothing is known of it. */
  gatewayChanged(): void {
    this.#answeredMs = Number.NEGATIVE_INFINITY
    this.#probedMs = Number.NEGATIVE_INFINITY
  }

  at(nowMs: number): Seclusion {
    const state = this.#at(nowMs)
    if (state === 'cutOff') this.#wasCutOff = true
    return state
  }

  #at(nowMs: number): Seclusion {
    const sinceMs = this.#lonelySinceMs
    if (sinceMs === undefined) return 'connected'
    if (!Number.isFinite(this.#answeredMs))
      return this.#isJudged || nowMs - sinceMs >= DOUBT_MS ? 'alone' : 'cutOff'
    const isAnswering = this.#answeredMs >= sinceMs && nowMs - this.#answeredMs < ANSWER_LIFE_MS
    if (isAnswering && (!this.#wasCutOff || nowMs - this.#answersSinceMs >= this.#takeBackMs)) return 'alone'
    return nowMs - sinceMs < CHECK_MS && !this.#wasCutOff ? 'checking' : 'cutOff'
  }

  /** When the gateway is to be asked. */
  get probeDueMs(): number {
    return this.#probedMs + this.#intervalMs()
  }

  probed(nowMs: number): void {
    this.#probedMs = nowMs
  }

  /** When {@link SeclusionWatch.at} may tell something else, by the time alone. */
  dueMs(nowMs: number): number {
    const sinceMs = this.#lonelySinceMs
    if (sinceMs === undefined) return Number.POSITIVE_INFINITY
    const times = [sinceMs + CHECK_MS, sinceMs + DOUBT_MS, this.#answeredMs + ANSWER_LIFE_MS]
    if (this.#wasCutOff) times.push(this.#answersSinceMs + this.#takeBackMs)
    return Math.min(...times.filter((timeMs) => timeMs > nowMs))
  }

  #intervalMs(): number {
    const sinceMs = this.#lonelySinceMs
    if (sinceMs === undefined) return IDLE_INTERVAL_MS
    return this.#probedMs - sinceMs < CHECK_MS ? CHECK_INTERVAL_MS : RECHECK_INTERVAL_MS
  }
}
