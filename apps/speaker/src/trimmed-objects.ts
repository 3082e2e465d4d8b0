import type { ServiceL2Status } from '@clarion-lb/crds'
import type { V1EndpointSlice, V1Service } from '@clarion-lb/k8s-watch'

/** Of a Service only what the decisions read is kept: a speaker holds all of the cluster. */
export function trimService(service: V1Service): V1Service {
  const { metadata, spec, status } = service
  const annotations = Object.entries(metadata?.annotations ?? {}).filter(([name]) =>
    name.startsWith('metallb.')
  )
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...(metadata?.name === undefined ? {} : { name: metadata.name }),
      ...(metadata?.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata?.uid === undefined ? {} : { uid: metadata.uid }),
      ...(metadata?.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) })
    },
    spec: {
      ...(spec?.type === undefined ? {} : { type: spec.type }),
      ...(spec?.loadBalancerClass === undefined ? {} : { loadBalancerClass: spec.loadBalancerClass }),
      ...(spec?.externalTrafficPolicy === undefined
        ? {}
        : { externalTrafficPolicy: spec.externalTrafficPolicy })
    },
    ...(status?.loadBalancer === undefined ? {} : { status: { loadBalancer: status.loadBalancer } })
  }
}

/** Of a status object its name, whom it is about, and what it says. */
export function trimL2Status({ metadata, status }: ServiceL2Status): ServiceL2Status {
  const { name, namespace, resourceVersion, uid, labels } = metadata ?? {}
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
      ...(labels === undefined ? {} : { labels })
    },
    ...(status === undefined ? {} : { status })
  }
}

/** Of an EndpointSlice only the nodes and conditions of its endpoints. */
export function trimEndpointSlice({ metadata, endpoints }: V1EndpointSlice): V1EndpointSlice {
  const { name, namespace, resourceVersion, uid, labels } = metadata ?? {}
  const service = labels?.['kubernetes.io/service-name']
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
      ...(service === undefined ? {} : { labels: { 'kubernetes.io/service-name': service } })
    },
    addressType: '',
    endpoints: sharedEndpoints(endpoints ?? [])
  }
}

type Endpoints = NonNullable<V1EndpointSlice['endpoints']>

/** Slices whose endpoints are on the same nodes, in the same state, share the list of them. */
const SHARED = new Map<string, Endpoints>()
const MAX_SHARED = 10_000

function sharedEndpoints(endpoints: Endpoints): Endpoints {
  const id = endpoints
    .map(
      ({ nodeName, conditions }) =>
        `${nodeName ?? ''} ${String(conditions?.ready)} ${String(conditions?.serving)}`
    )
    .join()
  const known = SHARED.get(id)
  if (known !== undefined) return known
  const trimmed = endpoints.map(({ nodeName, conditions }) => ({
    addresses: [],
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(conditions === undefined ? {} : { conditions })
  }))
  if (SHARED.size < MAX_SHARED) SHARED.set(id, trimmed)
  return trimmed
}
