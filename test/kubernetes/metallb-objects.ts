import { CLARION_NAMESPACE } from '@clarion-lb/lab/kubernetes'

const SYSTEM = { namespace: CLARION_NAMESPACE }
const BETA = 'metallb.io/v1beta1'

/** What somebody who has run MetalLB for years has in a cluster, beside pools. */
export const OLD_CONFIGURATION: readonly object[] = [
  {
    apiVersion: BETA,
    kind: 'IPAddressPool',
    metadata: { name: 'special', ...SYSTEM },
    spec: { addresses: ['192.168.100.230/31', '192.168.100.240-192.168.100.245'], autoAssign: false }
  },
  {
    apiVersion: BETA,
    kind: 'BFDProfile',
    metadata: { name: 'fast', ...SYSTEM },
    spec: { receiveInterval: 150, detectMultiplier: 5, echoMode: false }
  },
  {
    apiVersion: BETA,
    kind: 'Community',
    metadata: { name: 'names', ...SYSTEM },
    spec: { communities: [{ name: 'no-export', value: '65535:65281' }] }
  },
  {
    apiVersion: BETA,
    kind: 'BGPPeer',
    metadata: { name: 'first-version', ...SYSTEM },
    spec: { myASN: 64500, peerASN: 64501, peerAddress: '192.168.100.77', holdTime: '90s', bfdProfile: 'fast' }
  },
  {
    apiVersion: 'metallb.io/v1beta2',
    kind: 'BGPPeer',
    metadata: { name: 'second-version', ...SYSTEM },
    spec: { myASN: 64500, peerASN: 64502, peerAddress: 'fd00:c1a:100::77', ebgpMultiHop: true }
  },
  {
    apiVersion: BETA,
    kind: 'BGPAdvertisement',
    metadata: { name: 'routes', ...SYSTEM },
    spec: { ipAddressPools: ['special'], communities: ['no-export'], aggregationLength: 32, localPref: 200 }
  }
]

interface OldService {
  readonly name: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: object
}

const OLD = 'metallb.universe.tf'
const SHARED = { [`${OLD}/allow-shared-ip`]: 'key' }
const WISHES: readonly OldService[] = [
  { name: 'wished', annotations: { [`${OLD}/loadBalancerIPs`]: '192.168.100.210' } },
  { name: 'wished-in-spec', spec: { loadBalancerIP: '192.168.100.211' } },
  { name: 'of-pool', annotations: { 'metallb.io/address-pool': 'special' } },
  { name: 'shared-1', annotations: { ...SHARED, [`${OLD}/loadBalancerIPs`]: '192.168.100.212' } },
  {
    name: 'shared-2',
    annotations: { ...SHARED, [`${OLD}/loadBalancerIPs`]: '192.168.100.212' },
    spec: { ports: [{ port: 81 }] }
  },
  { name: 'dual', spec: { ipFamilyPolicy: 'RequireDualStack' } },
  { name: 'six', spec: { ipFamilies: ['IPv6'] } },
  { name: 'local', spec: { externalTrafficPolicy: 'Local' } }
]
const ORDINARY: readonly OldService[] = Array.from({ length: 4 }, (_, i) => ({ name: `ordinary-${i}` }))

/** Services with every kind of wish, in annotations of both ages. */
export const OLD_SERVICES: readonly object[] = [...WISHES, ...ORDINARY].map(
  ({ name, annotations = {}, spec = {} }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', annotations },
    spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec }
  })
)
