import { tryParseIpAddress } from '@clarion-lb/netaddr'

/** What the stand-in reads of a Service. */
export interface ServiceLike {
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly uid?: string }
  readonly spec?: {
    readonly selector?: Readonly<Record<string, string>>
    readonly ports?: readonly {
      readonly name?: string
      readonly port: number
      readonly protocol?: string
      readonly targetPort?: number | string
    }[]
    readonly ipFamilies?: readonly string[]
  }
}

/** What the stand-in reads of a Pod. */
export interface PodLike {
  readonly metadata?: {
    readonly name?: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec?: { readonly nodeName?: string }
  readonly status?: {
    readonly podIPs?: readonly { readonly ip: string }[]
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

/** A `discovery.k8s.io/v1` EndpointSlice, as the EndpointSlice controller would make it. */
export interface EndpointSliceManifest {
  readonly apiVersion: 'discovery.k8s.io/v1'
  readonly kind: 'EndpointSlice'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
  }
  readonly addressType: 'IPv4' | 'IPv6'
  readonly endpoints: readonly {
    readonly addresses: readonly string[]
    readonly nodeName?: string
    readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean }
  }[]
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[]
}

/** One slice for each family of the Service. A Service without a selector has none: its endpoints are somebody else's. */
export function buildEndpointSlices(service: ServiceLike, pods: Iterable<PodLike>): EndpointSliceManifest[] {
  const { name = '', namespace = 'default' } = service.metadata ?? {}
  const { selector, ports = [], ipFamilies = ['IPv4'] } = service.spec ?? {}
  if (selector === undefined || Object.keys(selector).length === 0) return []
  const chosen = [...pods].filter((pod) => isSelected(pod, namespace, selector))
  return ipFamilies
    .filter((family): family is 'IPv4' | 'IPv6' => family === 'IPv4' || family === 'IPv6')
    .map((family) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${family.toLowerCase()}`,
        namespace,
        labels: { 'kubernetes.io/service-name': name }
      },
      addressType: family,
      endpoints: chosen.flatMap((pod) => buildEndpoint(pod, family)),
      ports: ports.map((port) => ({
        name: port.name ?? '',
        port: typeof port.targetPort === 'number' ? port.targetPort : port.port,
        protocol: port.protocol ?? 'TCP'
      }))
    }))
}

function isSelected(pod: PodLike, namespace: string, selector: Readonly<Record<string, string>>): boolean {
  const labels = pod.metadata?.labels ?? {}
  return (
    pod.metadata?.namespace === namespace &&
    Object.entries(selector).every(([key, value]) => labels[key] === value)
  )
}

function buildEndpoint(pod: PodLike, family: 'IPv4' | 'IPv6'): EndpointSliceManifest['endpoints'] {
  const wanted = family === 'IPv4' ? 4 : 6
  const address = pod.status?.podIPs?.find(({ ip }) => tryParseIpAddress(ip)?.family === wanted)?.ip
  if (address === undefined) return []
  const isReady =
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  const nodeName = pod.spec?.nodeName
  return [
    {
      addresses: [address],
      ...(nodeName === undefined ? {} : { nodeName }),
      conditions: { ready: isReady, serving: isReady, terminating: false }
    }
  ]
}
