import type { Named } from './problems.ts'

/** Orders objects: the older first, then by name. What has no date is the youngest. */
export function byAge(a: Named, b: Named): number {
  return ageOf(a) < ageOf(b) ? -1 : 1
}

function ageOf({ metadata }: Named): string {
  return `${metadata?.creationTimestamp ?? '9'}\n${metadata?.name ?? ''}`
}
