import type { Community as CommunityResource } from '@clarion-lb/crds'
import type { Community } from './model.ts'
import type { ProblemList } from './problems.ts'

/** Names of the IANA registry of well-known communities (RFC 1997, 3765, 7611, 7999, 8326, 9494), where no alias has them. */
const WELL_KNOWN: Readonly<Record<string, number>> = {
  'graceful-shutdown': 0xffff_0000,
  'accept-own': 0xffff_0001,
  'llgr-stale': 0xffff_0006,
  'no-llgr': 0xffff_0007,
  blackhole: 0xffff_029a,
  'no-export': 0xffff_ff01,
  'no-advertise': 0xffff_ff02,
  'no-export-subconfed': 0xffff_ff03,
  'no-peer': 0xffff_ff04,
  nopeer: 0xffff_ff04
}
const MAX_UINT16 = 0xffff
const MAX_UINT32 = 0xffff_ffff

/** The communities by their aliases. Two objects may not give one name, even with equal values. */
export function parseCommunities(
  resources: readonly CommunityResource[],
  list: ProblemList
): Map<string, Community> {
  const aliases = new Map<string, Community>()
  for (const resource of resources.toSorted((a, b) =>
    (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1
  )) {
    const findings = list.about('Community', resource)
    findings.checkSchema('Community')
    if (findings.hasErrors) continue
    for (const [i, { name = '', value = '' }] of (resource.spec?.communities ?? []).entries()) {
      const field = `spec.communities[${i}]`
      const community = parseCommunity(value)
      if (community === undefined) {
        findings.error({
          field: `${field}.value`,
          value,
          message: 'is not a community',
          remedy: 'write it as 64512:100, or large:64512:1:2'
        })
      } else if (aliases.has(name)) {
        findings.error({
          field: `${field}.name`,
          value: name,
          message: 'another community has this name',
          remedy: 'rename one of them'
        })
      } else {
        aliases.set(name, community)
      }
    }
  }
  return aliases
}

/** An alias, a literal, or a well-known name, in this order. */
export function resolveCommunity(
  text: string,
  aliases: ReadonlyMap<string, Community>
): Community | undefined {
  const wellKnown = Object.hasOwn(WELL_KNOWN, text) ? WELL_KNOWN[text] : undefined
  return (
    aliases.get(text) ??
    parseCommunity(text) ??
    (wellKnown === undefined ? undefined : { type: 'standard', value: wellKnown })
  )
}

/** `a:b` (RFC 1997) or `large:a:b:c` (RFC 8092). */
export function parseCommunity(text: string): Community | undefined {
  const parts = text.split(':')
  const isLarge = parts.length === 4 && parts[0] === 'large'
  const numbers = (isLarge ? parts.slice(1) : parts).map((part) =>
    /^\d+$/.test(part) ? Number(part) : Number.NaN
  )
  if (numbers.some((number) => !(number <= (isLarge ? MAX_UINT32 : MAX_UINT16)))) return undefined
  const [a = 0, b = 0, c = 0] = numbers
  if (isLarge) return { type: 'large', globalAdministrator: a, localData1: b, localData2: c }
  return numbers.length === 2 ? { type: 'standard', value: a * 0x1_0000 + b } : undefined
}

/** Orders communities: standard before large, then by value. 0: they are equal. */
export function compareCommunities(a: Community, b: Community): number {
  if (a.type === 'standard') return b.type === 'standard' ? a.value - b.value : -1
  if (b.type === 'standard') return 1
  return (
    a.globalAdministrator - b.globalAdministrator ||
    a.localData1 - b.localData1 ||
    a.localData2 - b.localData2
  )
}

/** In order, each once, however it was written. */
export function sortCommunities(communities: readonly Community[]): readonly Community[] {
  const sorted = communities.toSorted(compareCommunities)
  return sorted.filter((community, i) => {
    const previous = sorted[i - 1]
    return previous === undefined || compareCommunities(previous, community) !== 0
  })
}
