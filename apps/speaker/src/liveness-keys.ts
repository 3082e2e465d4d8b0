import type { V1Secret } from '@clarion-lb/k8s-watch'

/** The Secret that the controller makes. Speakers only read it. */
export const LIVENESS_SECRET = 'clarion-liveness'

/** In the order of use: the first seals, all open. While a key is replaced there are two or three. */
const ENTRIES = ['current', 'next', 'previous'] as const
const LEAST_OCTETS = 16

/** The keys that can be used; none if there is no `current`. */
export function keysOf({ data = {} }: Pick<V1Secret, 'data'>): readonly Uint8Array[] {
  const [current, ...others] = ENTRIES.map((entry) => decoded(data[entry]))
  if (current === undefined) return []
  return [current, ...others.filter((key) => key !== undefined)]
}

function decoded(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined
  const key = Uint8Array.from(Buffer.from(text, 'base64'))
  return key.length < LEAST_OCTETS ? undefined : key
}
