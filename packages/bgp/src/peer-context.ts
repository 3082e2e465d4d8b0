import type { LocalIdentity } from './negotiation.ts'
import type { BgpPeerOptions } from './options.ts'
import type { RibEncoder } from './rib-encoder.ts'
import type { RouteInterner } from './routes.ts'

/** What peers share. */
export interface PeerContext {
  readonly encoder: RibEncoder
  readonly interner: RouteInterner
  readonly identity: (options: BgpPeerOptions) => LocalIdentity
  readonly isComplete: () => boolean
  readonly isGracefulShutdown: () => boolean
}

/** How to end: see {@link BgpPeer.stop}. */
export interface StopOptions {
  /**
   * - `'shutdown'`: routes go at once: Cease/2, as a hard reset if the peer would keep them otherwise (RFC 8538)
   * - `'removal'`: as before, but there will be no session again: Cease/3, which has no text
   * - `'restart'`: the connection is closed without a word, and a peer that knows graceful restart keeps them
   */
  readonly mode: 'shutdown' | 'removal' | 'restart'
  /** For the operator of the peer, up to 255 octets (RFC 9003). */
  readonly text?: string
}
