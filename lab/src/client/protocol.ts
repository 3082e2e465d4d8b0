/** What the client host can be asked to do. */
export type ClientRequest = { readonly id: number } & (
  | { readonly type: 'reach'; readonly url: string; readonly timeoutMs: number }
  | { readonly type: 'cancel'; readonly target: number }
  | { readonly type: 'probe'; readonly url: string; readonly timeoutMs: number }
  | {
      readonly type: 'datagram'
      readonly address: string
      readonly port: number
      readonly timeoutMs: number
    }
  | { readonly type: 'neighbours' }
  | { readonly type: 'startLoad'; readonly url: string }
  | { readonly type: 'stopLoad' }
)

export interface ClientReply {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}
