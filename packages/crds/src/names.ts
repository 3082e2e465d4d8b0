/** Annotations of a Service: the name that is meant, and the older one that is read when it is absent. */
export const ServiceAnnotation = {
  addressPool: { current: 'metallb.io/address-pool', deprecated: 'metallb.universe.tf/address-pool' },
  loadBalancerIps: {
    current: 'metallb.io/loadBalancerIPs',
    deprecated: 'metallb.universe.tf/loadBalancerIPs'
  },
  allowSharedIp: { current: 'metallb.io/allow-shared-ip', deprecated: 'metallb.universe.tf/allow-shared-ip' },
  /** Written by the controller: the pool that the addresses are of. */
  ipAllocatedFromPool: {
    current: 'metallb.io/ip-allocated-from-pool',
    deprecated: 'metallb.universe.tf/ip-allocated-from-pool'
  }
} as const

/** Labels of the status objects. */
export const StatusLabel = {
  node: 'metallb.io/node',
  serviceName: 'metallb.io/service-name',
  serviceNamespace: 'metallb.io/service-namespace',
  componentType: 'metallb.io/component-type',
  nodeName: 'metallb.io/node-name'
} as const

/** Labels of BGPSessionState. */
export const SessionLabel = {
  node: 'frrk8s.metallb.io/node',
  peer: 'frrk8s.metallb.io/peer',
  vrf: 'frrk8s.metallb.io/vrf'
} as const

/** A node with this label, whatever its value, announces nothing. */
export const EXCLUDE_FROM_LOAD_BALANCERS_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers'
