import { lifeOf } from './incarnation.ts'
import type { MemberRecord } from './membership.ts'
import type { Envelope } from './message.ts'

/**
 * What a datagram of a member is:
 * - `'known'`: of the process that is known, and not seen before
 * - `'new'`: of another process, which proved that it is there now
 * - `'unverified'`: of another process, which may be a recording
 * - `'stale'`: of a former life, or of one whose clock went back; others know a newer one
 * - `'replayed'`: seen before, or too old to say
 */
export type Admission = 'known' | 'new' | 'unverified' | 'stale' | 'replayed'

/** @param isAnswer to what this process sent a moment ago: that is no recording */
export function admit(
  record: MemberRecord,
  envelope: Envelope,
  { incarnation, isAnswer }: { readonly incarnation: number; readonly isAnswer: boolean }
): Admission {
  if (record.boot === envelope.boot)
    return record.window?.accept(envelope.sequence) === true ? 'known' : 'replayed'
  const known = record.knowledge.incarnation
  // Others may have told already of the life that this process is.
  const isKnownOver = record.life !== lifeOf(known)
  const isNewer = isKnownOver ? incarnation >= known : incarnation > known
  if (!isNewer) return 'stale'
  return isAnswer ? 'new' : 'unverified'
}
