import { COMMON_FLAGS, type FlagTable, refusePort } from '@clarion-lb/runtime'

const WEBHOOKS = 'admission webhooks are not available yet'

/** MetalLB's flags of the controller. */
export const CONTROLLER_FLAGS = {
  ...COMMON_FLAGS,
  'ml-secret-name': {
    kind: 'text',
    env: 'METALLB_ML_SECRET_NAME',
    description: 'name of the Secret with the key of the speakers, created if there is none; empty: none'
  },
  deployment: {
    kind: 'text',
    env: 'METALLB_DEPLOYMENT',
    description: 'name of the Deployment of the controller, which the Secret belongs to'
  },
  'webhook-mode': {
    kind: 'text',
    default: 'enabled',
    choices: ['enabled', 'disabled', 'onlywebhook'],
    description: `enabled or disabled; ${WEBHOOKS}, objects are checked when they are read`,
    refuse: (value) => (value === 'onlywebhook' ? `${WEBHOOKS}; use disabled` : undefined)
  },
  'disable-cert-rotation': { kind: 'boolean', description: `of webhooks; ${WEBHOOKS}` },
  'cert-dir': {
    kind: 'text',
    default: '/tmp/k8s-webhook-server/serving-certs',
    description: `of webhooks; ${WEBHOOKS}`
  },
  'cert-service-name': {
    kind: 'text',
    default: 'metallb-webhook-service',
    description: `of webhooks; ${WEBHOOKS}`
  },
  'webhook-secret': {
    kind: 'text',
    default: 'metallb-webhook-cert',
    description: `of webhooks; ${WEBHOOKS}`
  },
  'webhook-http2': { kind: 'boolean', description: `of webhooks; ${WEBHOOKS}` },
  'webhook-port': {
    kind: 'integer',
    default: '9443',
    description: `of webhooks; ${WEBHOOKS}`,
    refuse: refusePort
  },
  'bgp-type': {
    kind: 'text',
    env: 'METALLB_BGP_TYPE',
    default: 'native',
    choices: ['native', 'frr', 'frr-k8s'],
    description: 'as it is set for the speakers; nothing here depends on it'
  }
} as const satisfies FlagTable

/** Given flags that do nothing yet; MetalLB's manifests give some of them, so that they cannot be refused. */
export const WITHOUT_EFFECT: readonly string[] = [
  'webhook-mode',
  'disable-cert-rotation',
  'cert-dir',
  'cert-service-name',
  'webhook-secret',
  'webhook-http2',
  'webhook-port'
]
