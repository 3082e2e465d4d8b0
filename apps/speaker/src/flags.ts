import { COMMON_FLAGS, type FlagTable, refusePort } from '@clarion-lb/runtime'

const MEMBERLIST = 'liveness of the other nodes comes from Leases'

/** MetalLB's flags of the speaker. */
export const SPEAKER_FLAGS = {
  ...COMMON_FLAGS,
  'node-name': {
    kind: 'text',
    env: 'METALLB_NODE_NAME',
    description: 'name of the node that this process runs on'
  },
  host: { kind: 'text', env: 'METALLB_HOST', description: 'without effect, as in MetalLB' },
  'ml-bindaddr': {
    kind: 'text',
    env: 'METALLB_ML_BIND_ADDR',
    description: `empty: every node counts as alive; else ${MEMBERLIST}`
  },
  'ml-bindport': {
    kind: 'integer',
    env: 'METALLB_ML_BIND_PORT',
    default: '7946',
    description: `not listened on: ${MEMBERLIST}`,
    refuse: refusePort
  },
  'ml-labels': {
    kind: 'text',
    env: 'METALLB_ML_LABELS',
    description: `empty: every node counts as alive; else ${MEMBERLIST}`
  },
  'ml-secret-key-path': {
    kind: 'text',
    env: 'METALLB_ML_SECRET_KEY_PATH',
    description: `not read: ${MEMBERLIST}`
  },
  'ml-wan-config': {
    kind: 'boolean',
    description: 'the other nodes are far away: be three times as patient'
  },
  'ignore-exclude-lb': {
    kind: 'boolean',
    description: 'announce also from nodes labelled node.kubernetes.io/exclude-from-external-load-balancers'
  },
  'exclude-l2-file': {
    kind: 'text',
    default: '/etc/metallb/excludel2.yaml',
    description: 'file that lists interfaces not to announce on; it may be missing'
  },
  'bgp-debounce-timeout': {
    kind: 'integer',
    env: 'METALLB_BGP_DEBOUNCE_TIMEOUT',
    default: '3000',
    description: 'of FRR, without effect: there is no FRR here',
    refuse: (value) => (/^[1-9]\d*$/.test(value) ? undefined : `${value} is not a positive whole number`)
  },
  'frrk8s-namespace': {
    kind: 'text',
    env: 'FRRK8S_NAMESPACE',
    description: 'of frr-k8s, without effect: there is no FRR here'
  },
  'frrk8s-secret-passthrough': {
    kind: 'boolean',
    description: 'of frr-k8s, without effect: there is no FRR here'
  },
  'bgp-type': {
    kind: 'text',
    env: 'METALLB_BGP_TYPE',
    default: 'native',
    choices: ['native', 'frr', 'frr-k8s'],
    description: 'whichever it is, this process has the sessions itself: no FRR is needed'
  }
} as const satisfies FlagTable

/** Given flags that do nothing here; MetalLB's manifests give some of them, so that they cannot be refused. */
export const WITHOUT_EFFECT: readonly string[] = [
  'host',
  'ml-bindport',
  'ml-secret-key-path',
  'bgp-debounce-timeout',
  'frrk8s-namespace',
  'frrk8s-secret-passthrough'
]
