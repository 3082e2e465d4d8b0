import { LivenessOptionsError } from './errors.ts'

/** All members should have the same; the bounds that the documentation gives follow from them. */
export interface LivenessParameterOptions {
  /** A watched member is pinged that often, 20–10 000 ms. @defaultValue 100 */
  readonly periodMs?: number | undefined
  /** So long without an answer is an accusation; at least 2.5 periods, at most 60 000 ms. Default: 3 periods. */
  readonly silenceMs?: number | undefined
  /** Members that each member watches, 2–8. Two are the fewest that can make a verdict. @defaultValue 3 */
  readonly watchers?: number | undefined
  /** Members that are asked before one is accused, 0–8. @defaultValue 3 */
  readonly helpers?: number | undefined
  /** Members that urgent news is sent to at once by each who learns it, 2–32. @defaultValue 5 */
  readonly fanout?: number | undefined
  /** A member that never answered is accused after that, 100–600 000 ms. Default: 30 periods. */
  readonly joinTimeoutMs?: number | undefined
}

/** {@link LivenessParameterOptions} that were checked, and what follows from them. */
export interface LivenessParameters {
  readonly periodMs: number
  readonly silenceMs: number
  readonly watchers: number
  readonly helpers: number
  readonly fanout: number
  readonly joinTimeoutMs: number
  /** Silence after which a member is pinged faster, and others are asked. */
  readonly doubtMs: number
  /** Between pings of a member that is in doubt. */
  readonly probeMs: number
  /** Between questions about a member that is in doubt. */
  readonly askMs: number
  /** An accusation counts that long. */
  readonly accusationMs: number
  /** … and is repeated that often. */
  readonly renewMs: number
  /** Between pings of a member that is watched by others, to keep news going round. */
  readonly gossipMs: number
  /** Between pings of members that are dead or left, which find out that a partition healed. */
  readonly reconnectMs: number
  /** Silence after which a refusal by its host is believed. */
  readonly refusedMs: number
  /** So many pings without an answer do count, however late this process is. */
  readonly patientProbes: number
  /** Who was away until then is just back for so long. */
  readonly backMs: number
  /**
   * So much longer it is waited for: a process that starts is slow, and a host that asked in vain for a link-layer address
   * asks again a second later (RFC 4861 §10, RETRANS_TIMER; Linux does so for ARP, too).
   */
  readonly backPatienceMs: number
  /** A process that is later than that does not trust its eyes. */
  readonly lateMs: number
}

/** @throws {@link LivenessOptionsError} */
export function parseParameters(options: LivenessParameterOptions = {}): LivenessParameters {
  const { periodMs = 100, watchers = 3, helpers = 3, fanout = 5 } = options
  inRange('periodMs', periodMs, { min: 20, max: 10_000 })
  const { silenceMs = 3 * periodMs, joinTimeoutMs = 30 * periodMs } = options
  return {
    periodMs,
    silenceMs: inRange('silenceMs', silenceMs, { min: Math.ceil(2.5 * periodMs), max: 60_000 }),
    watchers: inRange('watchers', watchers, { min: 2, max: 8 }),
    helpers: inRange('helpers', helpers, { min: 0, max: 8 }),
    fanout: inRange('fanout', fanout, { min: 2, max: 32 }),
    joinTimeoutMs: inRange('joinTimeoutMs', joinTimeoutMs, { min: 100, max: 600_000 }),
    doubtMs: 1.5 * periodMs,
    probeMs: Math.max(5, periodMs / 4),
    askMs: periodMs / 2,
    accusationMs: 2 * silenceMs,
    renewMs: (2 / 3) * silenceMs,
    gossipMs: 2 * periodMs,
    reconnectMs: 5 * periodMs,
    refusedMs: 0.5 * periodMs,
    patientProbes: 30,
    backMs: 3000,
    backPatienceMs: 1000,
    lateMs: Math.max(15, 0.3 * periodMs)
  }
}

function inRange(field: string, value: number, { min, max }: { min: number; max: number }): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new LivenessOptionsError('range', field, `${value} is not an integer from ${min} to ${max}`)
}
