import { FlagError } from '@clarion-lb/runtime'

/**
 * Where frames come from and go to: packet sockets in a thread of their own, libpcap in this thread's event loop, or a segment
 * that another process serves.
 */
export type Backend =
  | { readonly type: 'packet' }
  | { readonly type: 'cap' }
  | { readonly type: 'socket'; readonly path: string }

/** @param text Of the environment variable `CLARION_LINK`; empty: what suits the system. @throws FlagError */
export function parseBackend(text: string, platform: NodeJS.Platform = process.platform): Backend {
  if (text === '') return { type: platform === 'linux' ? 'packet' : 'cap' }
  if (text === 'packet' || text === 'cap') return { type: text }
  const [, path] = /^socket:(.+)$/.exec(text) ?? []
  if (path !== undefined) return { type: 'socket', path }
  throw new FlagError(`CLARION_LINK: ${JSON.stringify(text)} is not one of packet, cap, socket:PATH`)
}
