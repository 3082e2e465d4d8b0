import type { LivenessCore } from './core.ts'
import { memberKey } from './member-key.ts'

/** What one member holds of another one. */
export interface LivenessVerdict {
  /**
   * - `'unknown'`: it was not heard yet, nor of it
   * - `'alive'`
   * - `'suspected'`: alive, but accused
   * - `'dead'`: enough members accuse it
   * - `'left'`: it said that it stops
   */
  readonly standing: 'unknown' | 'alive' | 'suspected' | 'dead' | 'left'
  /** 0 while nothing is known. */
  readonly incarnation: number
  /** Since it last answered this member; `undefined` if it never did. Only those that are watched are asked often. */
  readonly answeredAgoMs: number | undefined
}

/** `undefined` for who is no member. */
export function verdictOf(core: LivenessCore, id: string, nowMs: number): LivenessVerdict | undefined {
  const key = memberKey(id)
  const knowledge = core.knowledgeOf(key)
  if (knowledge === undefined) return undefined
  const { standing, incarnation, accusations } = knowledge
  const answeredMs = core.answeredMs(key)
  return {
    standing: standing === 'alive' && accusations.length > 0 ? 'suspected' : standing,
    incarnation,
    answeredAgoMs: answeredMs === undefined ? undefined : nowMs - answeredMs
  }
}
