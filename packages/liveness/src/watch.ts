import type { MemberRecord } from './membership.ts'
import type { LivenessParameters } from './parameters.ts'

/** So many refusals in a row are believed: one may be on its way while a port is opened. */
export const REFUSALS = 2

/** How one member looks at another one. */
export interface Watch {
  readonly record: MemberRecord
  /** The ring says so; otherwise somebody asked. */
  isOwn: boolean
  /** When the member was last known to answer, or when that began to count. */
  evidenceMs: number
  /** Nobody ever heard it. */
  isAwaited: boolean
  /** Pings since then. */
  unanswered: number
  /** Times that its host refused since then. */
  refusals: number
  /** When it last did. */
  refusedMs: number
  /** Not before these times: the next ping in doubt, question, accusation. */
  probeMs: number
  askMs: number
  accuseMs: number
  helpers: readonly MemberRecord[]
  /** Who asked, and until when that counts. */
  readonly askers: Map<MemberRecord, number>
}

export function createWatch(record: MemberRecord, evidenceMs: number): Watch {
  return {
    record,
    isOwn: false,
    evidenceMs,
    isAwaited: record.knowledge.standing === 'unknown',
    unanswered: 0,
    refusals: 0,
    refusedMs: Number.NEGATIVE_INFINITY,
    probeMs: Number.NEGATIVE_INFINITY,
    askMs: Number.NEGATIVE_INFINITY,
    accuseMs: Number.NEGATIVE_INFINITY,
    helpers: [],
    askers: new Map()
  }
}

/** When a member has to be looked at again. */
export function watchDueMs(watch: Watch, limitMs: number, parameters: LivenessParameters): number {
  const { evidenceMs, refusals, record } = watch
  const verdictMs = Math.max(evidenceMs + limitMs, watch.accuseMs)
  if (record.knowledge.standing === 'unknown') return verdictMs
  const refusedMs =
    refusals >= REFUSALS
      ? Math.max(evidenceMs + parameters.refusedMs, watch.accuseMs)
      : Number.POSITIVE_INFINITY
  const doubtMs = refusals > 0 ? evidenceMs : evidenceMs + parameters.doubtMs
  const nextProbeMs = watch.isOwn ? Math.min(watch.probeMs, watch.askMs) : watch.probeMs
  const probeMs = Math.max(doubtMs, nextProbeMs)
  // Past twice the limit nothing but accusations is due.
  return Math.min(verdictMs, refusedMs, probeMs < evidenceMs + 2 * limitMs ? probeMs : verdictMs)
}
