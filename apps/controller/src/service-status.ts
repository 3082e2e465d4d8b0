import { ServiceAnnotation } from '@clarion-lb/crds'
import type { V1Service } from '@clarion-lb/k8s-watch'
import { ingressTextsOf, type ServiceDecision } from '@clarion-lb/planner'

const POOL_ANNOTATION = ServiceAnnotation.ipAllocatedFromPool.current

/** The Service with the addresses of the decision in its status and its pool in the annotation; the same object if they are there. */
export function withDecision(service: V1Service, { addresses, pool }: ServiceDecision): V1Service {
  const wanted = addresses.map((address) => address.toString())
  const annotations = service.metadata?.annotations ?? {}
  const isSameStatus = hasIngress(service, wanted)
  if (isSameStatus && annotations[POOL_ANNOTATION] === pool) return service
  const { [POOL_ANNOTATION]: _pool, ...others } = annotations
  return {
    ...service,
    metadata: {
      ...service.metadata,
      annotations: pool === undefined ? others : { ...others, [POOL_ANNOTATION]: pool }
    },
    status: isSameStatus
      ? { ...service.status }
      : {
          ...service.status,
          loadBalancer: wanted.length === 0 ? {} : { ingress: wanted.map((ip) => ({ ip })) }
        }
  }
}

/** Whether a Service of another type still carries what we wrote. */
export function isMarkedAsOurs(service: V1Service): boolean {
  return service.metadata?.annotations?.[POOL_ANNOTATION] !== undefined
}

/** The API server adds more to each entry (`ipMode`). */
function hasIngress(service: V1Service, wanted: readonly string[]): boolean {
  const entries = service.status?.loadBalancer?.ingress ?? []
  const texts = ingressTextsOf(service)
  return entries.length === wanted.length && wanted.every((text, i) => texts[i] === text)
}
