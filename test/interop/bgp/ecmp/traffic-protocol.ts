/** What a test tells its client of the service. */
export type ToClient = { readonly type: 'begin' } | { readonly type: 'end' } | { readonly type: 'look' }

/** Answers of one node. */
export interface Answers {
  readonly node: string
  readonly flows: number
}

/** What a client tells its test. */
export type FromClient =
  | { readonly type: 'ready' }
  /** Who answered the flows in one of the last rounds since it began. */
  | { readonly type: 'seen'; readonly unanswered: number; readonly answers: readonly Answers[] }
  /** Of all rounds since it began. */
  | { readonly type: 'ended'; readonly sent: number; readonly lost: number }
