import { type Community, compareCommunities, sortCommunities } from '@clarion-lb/config'

/** Whether two lists, each in order and without duplicates, are of the same communities. */
export function isSameCommunities(a: readonly Community[], b: readonly Community[]): boolean {
  if (a === b) return true
  return (
    a.length === b.length &&
    a.every((community, i) => {
      const other = b[i]
      return other !== undefined && compareCommunities(community, other) === 0
    })
  )
}

/** All of the communities of lists that are in order; a list that is alone is returned as it is, and so shared. */
export function uniteCommunities(lists: Iterable<readonly Community[]>): readonly Community[] {
  const [first = [], ...others] = new Set(lists)
  return others.length === 0 ? first : sortCommunities([...first, ...others.flat()])
}
