import { COMMON_FLAGS, type FlagTable, refusePort } from '@clarion-lb/runtime'

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
    description:
      'whether objects are checked when they are written: enabled, disabled, or onlywebhook for nothing else'
  },
  'disable-cert-rotation': {
    kind: 'boolean',
    description: 'use the certificate of webhooks in --cert-dir as it is, instead of making and injecting one'
  },
  'cert-dir': {
    kind: 'text',
    default: '/tmp/k8s-webhook-server/serving-certs',
    description: 'directory with tls.crt and tls.key for webhooks; used with --disable-cert-rotation only'
  },
  'cert-service-name': {
    kind: 'text',
    default: 'metallb-webhook-service',
    description: 'name of the Service that API servers call webhooks by'
  },
  'webhook-secret': {
    kind: 'text',
    default: 'metallb-webhook-cert',
    description: 'name of the Secret with the certificates of webhooks'
  },
  'webhook-http2': { kind: 'boolean', description: 'without effect: webhooks are served by HTTP/1.1' },
  'webhook-port': {
    kind: 'integer',
    default: '9443',
    description: 'HTTPS port of webhooks',
    refuse: refusePort
  },
  'bgp-type': {
    kind: 'text',
    env: 'METALLB_BGP_TYPE',
    default: 'native',
    choices: ['native', 'frr', 'frr-k8s'],
    description: 'as it is set for the speakers; in the native mode webhooks let pass what MetalLB does there'
  }
} as const satisfies FlagTable

/** Taken, and of no use here. */
export const WITHOUT_EFFECT: readonly string[] = ['webhook-http2']
