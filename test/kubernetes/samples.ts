import { defineResource } from '@clarion-lb/k8s-watch'
import { CLARION_NAMESPACE } from '@clarion-lb/lab/kubernetes'

/** What all resources of MetalLB have in common. */
export const METALLB = { group: 'metallb.io', version: 'v1beta1', isNamespaced: true } as const

export const L2_STATUSES = defineResource<{
  readonly metadata: { readonly name: string }
  readonly status?: { readonly node?: string; readonly serviceName?: string }
}>({ ...METALLB, plural: 'servicel2statuses', kind: 'ServiceL2Status' })

/** Addresses for documentation. */
export const POOL = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name: 'main', namespace: CLARION_NAMESPACE },
  spec: { addresses: ['192.0.2.10-192.0.2.99'] }
}
export const ADVERTISEMENT = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'L2Advertisement',
  metadata: { name: 'main', namespace: CLARION_NAMESPACE }
}
