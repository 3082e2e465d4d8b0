import { ServiceAnnotation } from '@clarion-lb/crds'
import { type IpAddress, tryParseIpAddress } from '@clarion-lb/netaddr'

/** What the decisions read of a Kubernetes Service; objects as the API server sends them fit. */
export interface ServiceView {
  readonly metadata?: {
    readonly name?: string | undefined
    readonly namespace?: string | undefined
    readonly labels?: Readonly<Record<string, string>> | undefined
    readonly annotations?: Readonly<Record<string, string>> | undefined
  }
  readonly spec?: {
    readonly type?: string | undefined
    readonly clusterIP?: string | undefined
    readonly clusterIPs?: readonly string[] | undefined
    readonly loadBalancerIP?: string | undefined
    readonly loadBalancerClass?: string | undefined
    readonly ipFamilies?: readonly string[] | undefined
    readonly ipFamilyPolicy?: string | undefined
    readonly externalTrafficPolicy?: string | undefined
    readonly selector?: Readonly<Record<string, string>> | undefined
    readonly ports?: readonly {
      readonly protocol?: string | undefined
      readonly port: number
    }[]
  }
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly ip?: string | undefined }[] | undefined
    }
  }
}

/** `namespace/name`. */
export function serviceKey(service: ServiceView): string {
  return `${service.metadata?.namespace ?? ''}/${service.metadata?.name ?? ''}`
}

/** The value of an annotation: the current name wins over the deprecated one. */
export function annotationOf(service: ServiceView, name: keyof typeof ServiceAnnotation): string | undefined {
  const { current, deprecated } = ServiceAnnotation[name]
  const annotations = service.metadata?.annotations
  return annotations?.[current] ?? annotations?.[deprecated]
}

/** Deprecated annotations that the Service carries and that the controller reads. */
export function deprecatedAnnotationsOf(service: ServiceView): readonly string[] {
  const { addressPool, loadBalancerIps, allowSharedIp } = ServiceAnnotation
  const annotations = service.metadata?.annotations ?? {}
  return [addressPool, loadBalancerIps, allowSharedIp]
    .map(({ deprecated }) => deprecated)
    .filter((name) => name in annotations)
}

/**
 * Whether a Service is ours by its `spec.loadBalancerClass`: without a class of our own those that have none (or an
 * empty one), else those that name it.
 */
export function isOfClass(service: ServiceView, loadBalancerClass: string): boolean {
  const wanted = service.spec?.loadBalancerClass
  return loadBalancerClass === '' ? wanted === undefined || wanted === '' : wanted === loadBalancerClass
}

export function isLoadBalancer(service: ServiceView): boolean {
  return service.spec?.type === 'LoadBalancer'
}

/** Texts of `status.loadBalancer.ingress`; entries without an `ip` (host names) are left out. */
export function ingressTextsOf(service: ServiceView): readonly string[] {
  const entries = service.status?.loadBalancer?.ingress ?? []
  return entries.flatMap(({ ip }) => (ip === undefined || ip === '' ? [] : [ip]))
}

/** The addresses in the status that are addresses. */
export function ingressOf(service: ServiceView): readonly IpAddress[] {
  return ingressTextsOf(service).flatMap((text) => tryParseIpAddress(text) ?? [])
}
