import { unsupportedReason } from '@clarion-lb/linux-net'
import { CapLink, type CapLinkOptions, resolveCap } from './cap-link.ts'
import { LinkBackendError } from './errors.ts'
import type { Link } from './link.ts'
import { PacketLink, type PacketLinkOptions } from './packet-link.ts'

export type LinkBackend = 'packet' | 'cap'

export interface CreateLinkOptions extends PacketLinkOptions, CapLinkOptions {
  /** Default: packet sockets on Linux, libpcap elsewhere. */
  readonly backend?: LinkBackend
}

/** Whether a backend can be used on this system, rights aside. */
export type BackendAvailability =
  | { readonly backend: LinkBackend; readonly isAvailable: true }
  | { readonly backend: LinkBackend; readonly isAvailable: false; readonly reason: string }

/**
 * The link that suits this system, not started yet.
 *
 * @throws {@link LinkBackendError} (`unsupported`) for packet sockets where there are none
 */
export function createLink(options: CreateLinkOptions): Link {
  const { backend = process.platform === 'linux' ? 'packet' : 'cap' } = options
  if (backend === 'cap') return new CapLink(options)
  const reason = unsupportedReason()
  if (reason !== undefined) throw new LinkBackendError('unsupported', reason)
  return new PacketLink(options)
}

/** What {@link createLink} could make here, and why not the others. @param capFrom as in {@link CapLinkOptions} */
export function availableBackends(capFrom?: string): readonly BackendAvailability[] {
  const packet = unsupportedReason()
  return [availability('packet', packet), availability('cap', capProblem(capFrom))]
}

function availability(backend: LinkBackend, reason: string | undefined): BackendAvailability {
  return reason === undefined ? { backend, isAvailable: true } : { backend, isAvailable: false, reason }
}

function capProblem(capFrom: string | undefined): string | undefined {
  try {
    resolveCap(capFrom)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
