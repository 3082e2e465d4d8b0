import type { GatewayProbe } from './gateway-probe.ts'
import { type Seclusion, SeclusionWatch } from './seclusion.ts'

export interface GatewayWatchOptions {
  readonly probe: GatewayProbe
  readonly takeBackMs: number
  /** The frames of the gateway are wanted, or not. */
  readonly onListen: (isListening: boolean) => void
}

const ANSWERS_WITHIN_MS = 1000

/** Asks the gateway when that tells something, and says whether this node is cut off. */
export class GatewayWatch {
  readonly #options: GatewayWatchOptions
  readonly #seclusion: SeclusionWatch
  #listensUntilMs = Number.NEGATIVE_INFINITY
  #isListening = false
  /** It answered once, so it can. */
  #hasAnswered = false
  #isLonely = false

  constructor(options: GatewayWatchOptions) {
    this.#options = options
    this.#seclusion = new SeclusionWatch(options.takeBackMs)
  }

  /** The routes or interfaces may be others now. */
  refresh(): void {
    if (!this.#options.probe.refresh()) return
    this.#hasAnswered = false
    this.#seclusion.gatewayChanged()
  }

  /** To be called with each frame. */
  onFrame(frame: Uint8Array, nowMs: number): void {
    if (!this.#isListening || !this.#options.probe.isAnswer(frame)) return
    this.#seclusion.gatewayAnswered(nowMs)
    this.#hasAnswered = true
  }

  /**
   * @param isLonely no other node answers, of those that a speaker was heard on
   * @param isJudged each of those was declared dead
   */
  work(isLonely: boolean, isJudged: boolean, nowMs: number): Seclusion {
    const { probe, onListen } = this.#options
    // Routes change without a word.
    if (isLonely && !this.#isLonely) this.refresh()
    this.#isLonely = isLonely
    this.#seclusion.update(isLonely, isJudged, nowMs)
    if (nowMs >= this.#probeDueMs()) {
      this.#seclusion.probed(nowMs)
      this.#listensUntilMs = nowMs + ANSWERS_WITHIN_MS
      probe.send()
    }
    const isListening =
      probe.address !== undefined && nowMs < this.#listensUntilMs && (isLonely || !this.#hasAnswered)
    if (isListening !== this.#isListening) onListen(isListening)
    this.#isListening = isListening
    return this.#seclusion.at(nowMs)
  }

  /** When {@link GatewayWatch.work} is due. */
  dueMs(nowMs: number): number {
    const listensUntilMs = this.#isListening ? this.#listensUntilMs : Number.POSITIVE_INFINITY
    return Math.min(this.#probeDueMs(), this.#seclusion.dueMs(nowMs), listensUntilMs)
  }

  #probeDueMs(): number {
    const { address } = this.#options.probe
    if (address === undefined || (this.#hasAnswered && !this.#isLonely)) return Number.POSITIVE_INFINITY
    return this.#seclusion.probeDueMs
  }
}
