import { buildConfig, type Config, type ConfigResources } from '@clarion-lb/config'
import type { BGPPeer, IPAddressPoolSpec } from '@clarion-lb/crds'
import type { ServiceView } from './service.ts'

/** For tests: pools by name, each a list of addresses or a whole spec. */
export function configOf(
  pools: Readonly<Record<string, readonly string[] | Partial<IPAddressPoolSpec>>>,
  more: Omit<ConfigResources, 'pools'> = {}
): Config {
  const resources = Object.entries(pools).map(([name, spec]) => ({
    metadata: { name },
    spec: { addresses: [], ...('length' in spec ? { addresses: spec } : spec) }
  }))
  const { config, problems } = buildConfig({ pools: resources, ...more })
  const [error] = problems.filter(({ severity }) => severity === 'error')
  if (error !== undefined) throw new Error(JSON.stringify(error))
  return config
}

/** For tests: a router that every node has a session with, unless more is said. */
export function bgpPeer(name: string, spec: Partial<BGPPeer['spec']> = {}): BGPPeer {
  return { metadata: { name }, spec: { myASN: 64500, peerASN: 64501, peerAddress: '10.0.0.1', ...spec } }
}

export interface ServiceOptions {
  readonly ingress?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly namespace?: string
  readonly spec?: Partial<NonNullable<ServiceView['spec']>>
}

/** For tests: an IPv4 Service of type LoadBalancer. */
export function serviceOf(name: string, options: ServiceOptions = {}): ServiceView {
  const { ingress = [], annotations, labels, namespace = 'default', spec } = options
  return {
    metadata: { name, namespace, annotations, labels },
    spec: {
      type: 'LoadBalancer',
      clusterIPs: ['10.96.0.1'],
      ports: [{ protocol: 'TCP', port: 80 }],
      ...spec
    },
    status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } }
  }
}

export const DUAL: { readonly clusterIPs: readonly string[] } = { clusterIPs: ['10.96.0.1', 'fd00::1'] }
