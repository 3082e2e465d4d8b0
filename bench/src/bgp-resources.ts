import {
  defineResource,
  ENDPOINT_SLICES,
  type KubeClient,
  type KubeObject,
  type ResourceRef,
  SERVICES,
  type V1Service
} from '@clarion-lb/k8s-watch'
import { NAMESPACE, POOLS } from './api-server.ts'

type Custom = ResourceRef<KubeObject & { readonly spec: object }>

const BGP_PEERS: Custom = defineResource({
  group: 'metallb.io',
  version: 'v1beta2',
  plural: 'bgppeers',
  kind: 'BGPPeer',
  isNamespaced: true
})

const BGP_ADVERTISEMENTS: Custom = defineResource({
  group: 'metallb.io',
  version: 'v1beta1',
  plural: 'bgpadvertisements',
  kind: 'BGPAdvertisement',
  isNamespaced: true
})

/** Autonomous systems of the speaker and of its routers. */
export const CLUSTER_ASN = { speaker: 64_500, router: 64_501 } as const

export interface Router {
  readonly name: string
  readonly address: string
  readonly port: number
}

export async function createRouters(client: KubeClient, routers: readonly Router[]): Promise<void> {
  for (const { name, address, port } of routers)
    await client.create(BGP_PEERS, {
      metadata: { name, namespace: NAMESPACE },
      spec: {
        myASN: CLUSTER_ASN.speaker,
        peerASN: CLUSTER_ASN.router,
        peerAddress: address,
        peerPort: port
      }
    })
}

/** A pool, each of whose addresses in use is advertised to all routers. */
export async function createAdvertisedPool(
  client: KubeClient,
  name: string,
  options: { readonly addresses: readonly string[]; readonly autoAssign: boolean }
): Promise<void> {
  const metadata = { name, namespace: NAMESPACE }
  await client.create(POOLS, { metadata, spec: options })
  await client.create(BGP_ADVERTISEMENTS, { metadata, spec: { ipAddressPools: [name] } })
}

/** A Service with an endpoint on this node: first the endpoint, so that the Service is complete when it is there. */
export async function createEndpoint(client: KubeClient, service: string, node: string): Promise<void> {
  await client.create(ENDPOINT_SLICES, {
    metadata: { name: service, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.0.1'], nodeName: node, conditions: { ready: true } }],
    ports: [{ port: 8080, protocol: 'TCP' }]
  })
}

export async function createService(
  client: KubeClient,
  name: string,
  annotations: Readonly<Record<string, string>> = {}
): Promise<V1Service> {
  return client.create(SERVICES, {
    metadata: { name, namespace: 'default', annotations },
    spec: {
      type: 'LoadBalancer',
      allocateLoadBalancerNodePorts: false,
      selector: { app: name },
      ports: [{ port: 80, targetPort: 8080 }]
    }
  })
}
