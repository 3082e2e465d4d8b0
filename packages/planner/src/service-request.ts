import type { Families, PortUse, RequestBase, Sharing } from '@clarion-lb/ipam'
import { type IpAddress, type IpFamily, tryParseIpAddress } from '@clarion-lb/netaddr'
import type { Requester } from './requester.ts'
import { annotationOf, type ServiceView, serviceKey } from './service.ts'

/** The part of a request that does not depend on which addresses are wanted. */
export function requestOf(service: ServiceView): RequestBase<Requester> {
  return {
    key: serviceKey(service),
    requester: {
      namespace: service.metadata?.namespace ?? '',
      labels: service.metadata?.labels ?? {}
    },
    ports: portsOf(service),
    sharing: sharingOf(service)
  }
}

/** Texts of the cluster IPs, without `None`. */
export function clusterIpsOf({ spec }: ServiceView): readonly string[] {
  const listed = spec?.clusterIPs ?? []
  const all = listed.length > 0 ? listed : [spec?.clusterIP ?? '']
  return all.filter((text) => text !== '' && text !== 'None')
}

/** Distinct families of some addresses, or a text that is no address. */
export function familiesOf(texts: readonly string[]): ReadonlySet<IpFamily> | { readonly invalid: string } {
  const families = new Set<IpFamily>()
  for (const text of texts) {
    const address = tryParseIpAddress(text)
    if (address === undefined) return { invalid: text }
    families.add(address.family)
  }
  return families
}

export function isPreferDualStack(service: ServiceView): boolean {
  return service.spec?.ipFamilyPolicy === 'PreferDualStack'
}

/** What is asked of the allocator, for the families of the cluster IPs; a text says why nothing can be. */
export function wantedFamilies(service: ServiceView, cluster: ReadonlySet<IpFamily>): Families | string {
  const [only] = cluster
  if (only === undefined) return 'it has no cluster IP'
  if (cluster.size === 1) return { stack: 'single', family: only }
  if (isPreferDualStack(service)) {
    return { stack: 'preferDual', primary: service.spec?.ipFamilies?.[0] === 'IPv6' ? 6 : 4 }
  }
  if (service.spec?.ipFamilyPolicy === 'RequireDualStack') return { stack: 'dual' }
  return 'it has cluster IPs of both families, but its ipFamilyPolicy is not a dual-stack one'
}

/** Addresses that the Service asks for: none, some, or why they make no sense. */
export function desiredAddresses(service: ServiceView): readonly IpAddress[] | string {
  const annotation = annotationOf(service, 'loadBalancerIps')
  const field = service.spec?.loadBalancerIP ?? ''
  if (annotation === undefined || annotation === '') {
    if (field === '') return []
    return parseDesired([field], 'spec.loadBalancerIP')
  }
  if (field !== '')
    return 'spec.loadBalancerIP and the annotation loadBalancerIPs are both given; remove one of them'
  return parseDesired(
    annotation.split(',').map((text) => text.trim()),
    'the annotation loadBalancerIPs'
  )
}

function parseDesired(texts: readonly string[], where: string): readonly IpAddress[] | string {
  const addresses: IpAddress[] = []
  for (const text of texts) {
    const address = tryParseIpAddress(text)
    if (address === undefined) return `${where}: ${JSON.stringify(text)} is not an IP address`
    if (addresses.some((one) => one.equals(address))) return `${where}: ${text} is given twice`
    if (addresses.some((one) => one.family === address.family)) {
      return `${where}: ${addresses.join(', ')} and ${text} are of the same family; give one IPv4 and one IPv6 address at most`
    }
    addresses.push(address)
  }
  return addresses
}

function portsOf({ spec }: ServiceView): readonly PortUse[] {
  return (spec?.ports ?? []).map(({ protocol, port }) => ({ protocol: protocol ?? 'TCP', port }))
}

/** An empty key shares nothing. With policy Local traffic goes to the pods of one node, so that all sharers must have the same. */
function sharingOf(service: ServiceView): Sharing | undefined {
  const key = annotationOf(service, 'allowSharedIp')
  if (key === undefined || key === '') return undefined
  const isLocal = service.spec?.externalTrafficPolicy === 'Local'
  const selector = Object.entries(service.spec?.selector ?? {}).map(([name, value]) => `${name}=${value}`)
  return { key, backend: isLocal ? selector.toSorted().join(',') : '' }
}
