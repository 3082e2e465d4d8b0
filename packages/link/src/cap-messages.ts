/** What the parent tells its capturing child. Bytes travel as they are (structured clone). */
export type ToCapChild =
  | { readonly type: 'open'; readonly modulePath: string; readonly device: string; readonly filter: string }
  | { readonly type: 'interest'; readonly arp: Uint32Array; readonly ndp: readonly Uint8Array[] }
  | { readonly type: 'send'; readonly frame: Uint8Array }

/** What the child tells. */
export type FromCapChild =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  | { readonly type: 'notSent' }

const TYPES: ReadonlySet<unknown> = new Set([
  'ready',
  'failed',
  'frame',
  'notSent',
  'open',
  'interest',
  'send'
])

/** Both ends are ours and of one version: it is enough to see that the message is one of them. */
export function isCapMessage(message: unknown): message is ToCapChild | FromCapChild {
  return typeof message === 'object' && message !== null && 'type' in message && TYPES.has(message.type)
}
