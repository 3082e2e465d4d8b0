/** What a test tells its responder. Addresses as text. */
export type ToResponder =
  | {
      readonly type: 'want'
      readonly addresses: readonly string[]
      /** When to announce them, instead of as the packages say. */
      readonly delaysMs?: readonly number[]
    }
  | { readonly type: 'drop'; readonly addresses: readonly string[] }
  | { readonly type: 'counters' }

export interface AnsweringInterface {
  readonly name: string
  readonly mac: string
  readonly hasCarrier: boolean
}

/** What a responder tells its test. */
export type FromResponder =
  | { readonly type: 'started' }
  /** Wanted or dropped; the announcements that are due at once are sent. */
  | { readonly type: 'applied' }
  /** Where it answers; told after every change. */
  | { readonly type: 'answering'; readonly interfaces: readonly AnsweringInterface[] }
  | {
      readonly type: 'conflict'
      readonly kind: 'claim' | 'probe'
      readonly address: string
      readonly interface: string
      readonly mac: string
    }
  | {
      readonly type: 'counters'
      /** Frames that woke the process. */
      readonly received: number
      readonly unwanted: number
      readonly lost: number
      /** Those that came to our own hardware address. */
      readonly unicast: number
      readonly answered: number
      readonly announced: number
    }
