import { SERVICES } from '@clarion-lb/k8s-watch'
import type { ClusterFixture } from './cluster-fixture.ts'

/** What must stay as it is: the addresses, the annotations, and that nobody wrote. */
export interface ServiceFacts {
  readonly addresses: readonly string[]
  readonly annotations: Readonly<Record<string, string>>
  readonly resourceVersion: string
}

/** An object as kubectl prints it. */
export interface PrintedObject {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: unknown
  readonly status?: Readonly<Record<string, unknown>>
}

/** Of all Services of type LoadBalancer in the default namespace, by name. */
export async function readServices(fixture: ClusterFixture): Promise<Readonly<Record<string, ServiceFacts>>> {
  const { items } = await (await fixture.api.client()).list(SERVICES, { namespace: 'default' })
  const balanced = items.filter(({ spec }) => spec?.type === 'LoadBalancer')
  return Object.fromEntries(
    balanced.map(({ metadata, status }) => [
      metadata?.name ?? '',
      {
        addresses: (status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip),
        annotations: metadata?.annotations ?? {},
        resourceVersion: metadata?.resourceVersion ?? ''
      }
    ])
  )
}

/** Objects out of the JSON that `kubectl get` prints. */
export function parseList(text: string): readonly PrintedObject[] {
  const { items } = JSON.parse(text) as { readonly items: readonly PrintedObject[] }
  return items
}
