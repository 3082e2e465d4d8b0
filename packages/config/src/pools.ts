import type { IPAddressPool } from '@clarion-lb/crds'
import { compareIpAddresses, InvalidAddressError, IpRange } from '@clarion-lb/netaddr'
import { byAge } from './by-age.ts'
import type { Pool, ServiceAllocation } from './model.ts'
import type { Findings, ProblemList } from './problems.ts'
import type { Labelled } from './resources.ts'
import { compileSelectors, refuseDuplicates, selectNames } from './selectors-of.ts'

/** A pool before advertisements are attached. */
export interface ParsedPool extends Omit<Pool, 'l2Advertisements' | 'bgpAdvertisements'> {
  readonly labels: Readonly<Record<string, string>> | undefined
}

/**
 * The pools that can be used, in order of name. A pool that overlaps another is left out whole: the older one stays.
 */
export function parsePools(
  pools: readonly IPAddressPool[],
  namespaces: readonly Labelled[] | undefined,
  list: ProblemList
): ParsedPool[] {
  const claims: Claim[] = []
  const names = new Set<string>()
  const parsed: ParsedPool[] = []
  for (const pool of pools.toSorted(byAge)) {
    const findings = list.about('IPAddressPool', pool)
    const result = parsePool(pool, namespaces, findings)
    if (result === undefined) continue
    if (names.has(result.name)) {
      findings.error({
        field: 'metadata.name',
        value: result.name,
        message: 'another pool has this name',
        remedy: 'rename one of them'
      })
      continue
    }
    if (!claim(result, claims, findings)) continue
    names.add(result.name)
    parsed.push(result)
  }
  return parsed.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function parsePool(
  pool: IPAddressPool,
  namespaces: readonly Labelled[] | undefined,
  findings: Findings
): ParsedPool | undefined {
  findings.checkSchema('IPAddressPool')
  if (findings.hasErrors || pool.spec === undefined) return undefined
  const { addresses, autoAssign = true, avoidBuggyIPs = false, serviceAllocation } = pool.spec
  if (findings.name === '')
    findings.error({ field: 'metadata.name', message: 'is empty', remedy: 'name the pool' })
  if (addresses.length === 0) {
    findings.error({
      field: 'spec.addresses',
      message: 'the pool has no addresses',
      remedy: 'add a prefix or a range'
    })
  }
  const ranges = addresses.flatMap((text, i) => parseRange(text, `spec.addresses[${i}]`, findings) ?? [])
  const allocation =
    serviceAllocation === undefined ? undefined : parseAllocation(serviceAllocation, namespaces, findings)
  if (findings.hasErrors) return undefined
  return {
    name: findings.name,
    labels: pool.metadata?.labels,
    ranges,
    autoAssign,
    avoidBuggyIps: avoidBuggyIPs,
    serviceAllocation: allocation
  }
}

function parseRange(text: string, field: string, findings: Findings): IpRange | undefined {
  try {
    const range = IpRange.parse(text, { hostBits: 'mask' })
    warnOfNoHosts(range, text, field, findings)
    return range
  } catch (error) {
    if (!(error instanceof InvalidAddressError)) throw error
    findings.error({ field, value: text, ...explainRange(error) })
    return undefined
  }
}

/** Addresses that no host can be reached at from elsewhere, and what they are. */
const NO_HOSTS = [
  ['0.0.0.0/8', '"this network"'],
  ['127.0.0.0/8', 'loopback'],
  ['224.0.0.0/3', 'multicast or reserved'],
  ['::/127', 'unspecified or loopback'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast']
].map(([text = '', use]) => ({ text, use, range: IpRange.parse(text) }))

function warnOfNoHosts(range: IpRange, value: string, field: string, findings: Findings): void {
  const clash = NO_HOSTS.find((one) => one.range.overlaps(range))
  if (clash === undefined) return
  findings.warning({
    field,
    value,
    message: `has addresses of ${clash.text} (${clash.use}), which nobody can connect to`,
    remedy: 'leave them out'
  })
}

function explainRange({ reason }: InvalidAddressError): { message: string; remedy: string } {
  switch (reason) {
    case 'family':
      return {
        message: 'the ends are of different families',
        remedy: 'give both ends as IPv4, or both as IPv6'
      }
    case 'reversed':
      return { message: 'the last address comes before the first', remedy: 'swap the ends' }
    default:
      return {
        message: 'is neither a prefix nor a range',
        remedy: 'write it as 192.0.2.0/24 or 192.0.2.10-192.0.2.20'
      }
  }
}

function parseAllocation(
  allocation: NonNullable<NonNullable<IPAddressPool['spec']>['serviceAllocation']>,
  known: readonly Labelled[] | undefined,
  findings: Findings
): ServiceAllocation {
  const field = 'spec.serviceAllocation'
  const { priority = 0, namespaces: names = [], namespaceSelectors = [] } = allocation
  if (priority < 0) {
    findings.warning({
      field: `${field}.priority`,
      value: priority,
      message: 'counts as none: the pool comes after those that have one',
      remedy: 'use 1 or more, of which the lowest comes first, or leave it out'
    })
  }
  refuseDuplicates(names, `${field}.namespaces`, findings)
  if (known !== undefined) warnOfUnknownNamespaces(names, known, `${field}.namespaces`, findings)
  const selectors = compileSelectors(namespaceSelectors, `${field}.namespaceSelectors`, findings)
  const serviceSelectors = compileSelectors(
    allocation.serviceSelectors,
    `${field}.serviceSelectors`,
    findings
  )
  if (names.length === 0 && selectors.length === 0)
    return { priority, namespaces: undefined, serviceSelectors }
  const matched = selectors.length === 0 ? [] : selectNames(selectors, known ?? [])
  const chosen = new Set([...names, ...matched])
  if (chosen.size === 0) {
    findings.warning({
      field: `${field}.namespaceSelectors`,
      message:
        'matches no namespace: nobody gets an address of this pool without asking, and everybody who asks does',
      remedy: 'label a namespace, or mend the selector'
    })
  }
  return { priority, namespaces: chosen, serviceSelectors }
}

function warnOfUnknownNamespaces(
  names: readonly string[],
  known: readonly Labelled[],
  field: string,
  findings: Findings
): void {
  const there = new Set(known.map(({ name }) => name))
  for (const [i, name] of names.entries()) {
    if (there.has(name)) continue
    findings.warning({
      field: `${field}[${i}]`,
      value: name,
      message: 'there is no such namespace',
      remedy: 'check the name, or create it'
    })
  }
}

/** A range of a pool that is in use, in order of its first address. */
interface Claim {
  readonly range: IpRange
  readonly pool: string
}

/** Adds the pool's ranges to the claims; none of them, if one overlaps. */
function claim(pool: ParsedPool, claims: Claim[], findings: Findings): boolean {
  const added: Claim[] = []
  for (const [i, range] of pool.ranges.entries()) {
    const clash = findOverlap(claims, range) ?? findOverlap(added, range)
    if (clash === undefined) {
      added.splice(insertionIndex(added, range), 0, { range, pool: pool.name })
      continue
    }
    const isOwn = clash.pool === pool.name
    findings.error({
      field: `spec.addresses[${i}]`,
      value: range.toString(),
      message: isOwn
        ? `overlaps ${clash.range.toString()} of the same pool`
        : `overlaps ${clash.range.toString()} of the older pool ${clash.pool}, which stays`,
      remedy: 'take the shared addresses out of one of them'
    })
  }
  if (findings.hasErrors) return false
  for (const entry of added) claims.splice(insertionIndex(claims, entry.range), 0, entry)
  return true
}

/** Claims do not overlap each other, so only the neighbours can overlap a new range. */
function findOverlap(claims: readonly Claim[], range: IpRange): Claim | undefined {
  const index = insertionIndex(claims, range)
  return [claims[index - 1], claims[index]].find((entry) => entry?.range.overlaps(range) === true)
}

/** Index of the first claim that begins after the range does. */
function insertionIndex(claims: readonly Claim[], range: IpRange): number {
  let low = 0
  let high = claims.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = claims[middle]
    if (entry !== undefined && compareIpAddresses(entry.range.first, range.first) <= 0) low = middle + 1
    else high = middle
  }
  return low
}
