import type { ObjectKey } from '@clarion-lb/k8s-watch'

/** By which speakers find each other's Leases. */
export const SPEAKER_LEASE_LABELS: Readonly<Record<string, string>> = { 'clarion.io/component': 'speaker' }
export const SPEAKER_LEASE_SELECTOR = 'clarion.io/component=speaker'

/** The Lease of the speaker of a node. */
export function speakerLease(namespace: string, node: string): ObjectKey {
  return { namespace, name: `${PREFIX}${node}` }
}

/** `undefined`: no Lease of a speaker. */
export function nodeOfLease(name: string): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined
}

const PREFIX = 'clarion-speaker-'
