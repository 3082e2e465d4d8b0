/** What one member says of another. */
export type RumorKind = 'alive' | 'accused' | 'dead' | 'left'

/**
 * Why a member is accused:
 * - `'silent'`: it answered neither the accuser nor those whom the accuser asked
 * - `'refused'`: its host answers, but nobody there has its port open
 * - `'neverHeard'`: it did not answer since it was made known
 */
export type AccusationReason = 'silent' | 'refused' | 'neverHeard'

/** News of a member: true of one incarnation of it, and of no higher one. */
export interface Rumor {
  readonly kind: RumorKind
  /** Key of the member that it is about; see {@link memberKey}. */
  readonly member: bigint
  readonly incarnation: number
  /** Keys of those who accuse: one of `'accused'`, at most two of `'dead'`, none otherwise. */
  readonly accusers: readonly bigint[]
  /** Of `'accused'` and `'dead'`; means nothing for others. */
  readonly reason: AccusationReason
}

/** Names one datagram of one life of a member: what an answer proves that its sender received. */
export interface Echo {
  readonly boot: bigint
  readonly sequence: number
}

interface MessageBase {
  /** Of the sender. */
  readonly incarnation: number
  /** Milliseconds that the sender wants to be waited for longer than usual, because it was late itself; 0–65 535. */
  readonly patienceMs: number
  readonly rumors: readonly Rumor[]
}

/**
 * - `'ping'`: to be answered with `'ack'`
 * - `'ack'`: answers a ping or an ask; proves that both directions work
 * - `'ask'`: the sender has not heard `member` for `silentMs`; does the receiver?
 * - `'vouch'`: the sender had an answer of `member` `ageMs` ago
 * - `'gossip'`: rumors alone, not answered
 */
export type Message =
  | (MessageBase & { readonly type: 'ping' })
  | (MessageBase & { readonly type: 'ack'; readonly echo: Echo })
  | (MessageBase & { readonly type: 'ask'; readonly member: bigint; readonly silentMs: number })
  | (MessageBase & {
      readonly type: 'vouch'
      readonly member: bigint
      readonly memberIncarnation: number
      readonly ageMs: number
    })
  | (MessageBase & { readonly type: 'gossip' })

/** Who sent a datagram; in the clear, but authenticated. */
export interface Envelope {
  /** Key of the sender. */
  readonly sender: bigint
  /** Random for each start of a process, 64 bits. */
  readonly boot: bigint
  /** Counts the datagrams of a boot, from 1; below 2^48. */
  readonly sequence: number
}
