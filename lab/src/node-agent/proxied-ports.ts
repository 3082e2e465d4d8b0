import type { ProxiedBackend, ProxiedPort } from './nft-rules.ts'

/** What the kube-proxy stand-in reads of a Service. */
export interface ProxiedService {
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
  readonly spec?: {
    readonly type?: string
    readonly clusterIPs?: readonly string[]
    readonly externalTrafficPolicy?: string
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[]
  }
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } }
}

/** What it reads of an EndpointSlice. */
export interface ProxiedSlice {
  readonly metadata?: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly endpoints?: readonly {
    readonly addresses: readonly string[]
    readonly nodeName?: string
    readonly conditions?: { readonly ready?: boolean }
  }[]
  readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[]
}

/** Every port of every Service, with where its traffic goes. Cluster IPs are never bound to the local node. */
export function collectProxiedPorts(
  services: Iterable<ProxiedService>,
  slices: Iterable<ProxiedSlice>
): ProxiedPort[] {
  const slicesByService = Map.groupBy(
    slices,
    ({ metadata }) => `${metadata?.namespace}/${metadata?.labels?.['kubernetes.io/service-name']}`
  )
  return [...services].flatMap((service) => {
    const own = slicesByService.get(`${service.metadata?.namespace}/${service.metadata?.name}`) ?? []
    const clusterIps = service.spec?.clusterIPs ?? []
    const ingress = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])
    const isLocal = service.spec?.externalTrafficPolicy === 'Local'
    return (service.spec?.ports ?? []).flatMap(({ name = '', port, protocol = 'TCP' }) => {
      if (protocol !== 'TCP' && protocol !== 'UDP') return []
      const common = {
        protocol,
        port,
        backends: own.flatMap((slice) => collectBackends(slice, name))
      } as const
      return [
        { ...common, addresses: clusterIps, isLocal: false },
        { ...common, addresses: ingress, isLocal }
      ]
    })
  })
}

function collectBackends(slice: ProxiedSlice, portName: string): ProxiedBackend[] {
  const port = slice.ports?.find(({ name = '' }) => name === portName)?.port
  if (port === undefined) return []
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses, nodeName }) => addresses.map((address) => ({ address, port, nodeName })))
}
