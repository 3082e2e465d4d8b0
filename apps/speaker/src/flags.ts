import { COMMON_FLAGS, type FlagTable, refusePort } from '@clarion-lb/runtime'

const MEMBERLIST = 'speakers find out by --liveness who of them is alive'

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
  liveness: {
    kind: 'text',
    env: 'CLARION_LIVENESS',
    default: 'on',
    choices: ['on', 'off'],
    description:
      'on: speakers probe each other, with the key in Secret clarion-liveness; off: Leases alone tell who is alive, after 4 s'
  },
  'liveness-port': {
    kind: 'integer',
    env: 'CLARION_LIVENESS_PORT',
    default: '7475',
    description: 'UDP port that speakers probe each other on, the same on all nodes',
    refuse: refusePort
  },
  'take-back-delay': {
    kind: 'text',
    env: 'CLARION_TAKE_BACK_DELAY',
    default: '5s',
    description:
      'so long a node that comes, or comes back, leaves its layer-2 addresses with the node that has them, as 1500ms or 5s; off: none, as MetalLB does',
    refuse: refuseDuration
  },
  'maintenance-on-cordon': {
    kind: 'boolean',
    env: 'CLARION_MAINTENANCE_ON_CORDON',
    description:
      'a cordoned node is in maintenance, as one with the annotation clarion.io/maintenance: its addresses move to others; in MetalLB they stay'
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

/** Milliseconds; `undefined`: it is no duration. */
export function parseDurationMs(text: string): number | undefined {
  if (text === 'off' || text === '0') return 0
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? []
  if (number === undefined) return undefined
  return Math.round(Number(number) * (unit === 'ms' ? 1 : unit === 's' ? 1000 : 60_000))
}

function refuseDuration(text: string): string | undefined {
  return parseDurationMs(text) === undefined
    ? `${text} is not off, 0, or a duration as 1500ms, 5s, 1m`
    : undefined
}

/** Given flags that do nothing here; MetalLB's manifests give some of them, so that they cannot be refused. */
export const WITHOUT_EFFECT: readonly string[] = [
  'host',
  'ml-bindport',
  'ml-secret-key-path',
  'bgp-debounce-timeout',
  'frrk8s-namespace',
  'frrk8s-secret-passthrough'
]
