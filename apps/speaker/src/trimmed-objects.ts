import type { V1EndpointSlice, V1Service } from '@clarion-lb/k8s-watch'
import { pick } from '@clarion-lb/runtime'
import type { ServiceStatus } from './service-statuses.ts'

/** Of a Service only what the decisions read is kept: a speaker holds all of the cluster. */
export function trimService({ metadata, spec, status }: V1Service): V1Service {
  const annotations = Object.entries(metadata?.annotations ?? {}).filter(([name]) =>
    name.startsWith('metallb.')
  )
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...pick(metadata, 'name', 'namespace', 'uid', 'resourceVersion', 'labels'),
      ...(annotations.length === 0 ? {} : { annotations: shared(Object.fromEntries(annotations)) })
    },
    spec: shared(pick(spec, 'type', 'loadBalancerClass', 'externalTrafficPolicy')),
    ...(status?.loadBalancer === undefined ? {} : { status: pick(status, 'loadBalancer') })
  }
}

/** Of a status object its name, whom it is about, and what it says. */
export function trimServiceStatus({ metadata, status }: ServiceStatus): ServiceStatus {
  return {
    metadata: pick(metadata, 'name', 'namespace', 'uid', 'resourceVersion', 'labels'),
    ...(status === undefined ? {} : { status })
  }
}

/** Of an EndpointSlice only the nodes and conditions of its endpoints. */
export function trimEndpointSlice({ metadata, endpoints }: V1EndpointSlice): V1EndpointSlice {
  const service = metadata?.labels?.['kubernetes.io/service-name']
  return {
    metadata: {
      ...pick(metadata, 'name', 'namespace', 'uid', 'resourceVersion'),
      ...(service === undefined ? {} : { labels: { 'kubernetes.io/service-name': service } })
    },
    addressType: '',
    endpoints: sharedEndpoints(endpoints ?? [])
  }
}

type Endpoints = NonNullable<V1EndpointSlice['endpoints']>

function sharedEndpoints(endpoints: Endpoints): Endpoints {
  return shared(
    endpoints.map(({ nodeName, conditions }) => ({
      addresses: [],
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(conditions === undefined ? {} : { conditions: pick(conditions, 'ready', 'serving') })
    }))
  )
}

/** Thousands of Services say the same in many of their parts: equal ones are one object. */
const SHARED = new Map<string, object>()
const MAX_SHARED = 10_000

function shared<T extends object>(part: T): T {
  const text = JSON.stringify(part)
  const known = SHARED.get(text)
  // Equal text was made of a part of equal shape.
  if (known !== undefined) return known as T
  if (SHARED.size < MAX_SHARED) SHARED.set(text, part)
  return part
}
