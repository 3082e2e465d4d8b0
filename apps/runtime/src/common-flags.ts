import { type FlagTable, refusePort } from './flags.ts'

/** Flags that both binaries have, with MetalLB's names, defaults and environment variables. */
export const COMMON_FLAGS = {
  kubeconfig: {
    kind: 'text',
    description: 'kubeconfig file; empty: $KUBECONFIG, the service account of the pod, or ~/.kube/config'
  },
  namespace: {
    kind: 'text',
    env: 'METALLB_NAMESPACE',
    description: 'namespace of the metallb.io objects; empty: that of the service account'
  },
  'pod-name': {
    kind: 'text',
    env: 'METALLB_POD_NAME',
    description: 'name of the pod that this process runs in'
  },
  port: {
    kind: 'integer',
    default: '9120',
    description: 'HTTPS port of /metrics, 0 for none',
    refuse: refusePort
  },
  'health-probe-port': {
    kind: 'integer',
    default: '17472',
    description: 'HTTP port of /healthz and /readyz, 0 for none',
    refuse: refusePort
  },
  'log-level': {
    kind: 'text',
    default: 'info',
    choices: ['all', 'debug', 'info', 'warn', 'error', 'none'],
    description: 'all, debug, info, warn, error or none'
  },
  'lb-class': {
    kind: 'text',
    description: 'handle the Services of this loadBalancerClass; empty: those that have none'
  },
  config: {
    kind: 'text',
    description: 'name of a ConfigMap of MetalLB 0.9 to 0.12 to read instead of the metallb.io objects'
  },
  'pprof-bind-address': {
    kind: 'text',
    description: 'not available: Go profiles do not exist here',
    refuse: (value) =>
      value === ''
        ? undefined
        : 'Go profiles do not exist here; remove the flag, and use node --inspect instead'
  },
  'metrics-cert-dir': {
    kind: 'text',
    description: 'directory with tls.crt and tls.key for /metrics; empty: a self-signed certificate'
  },
  'tls-min-version': {
    kind: 'text',
    description: 'VersionTLS12 or VersionTLS13; empty: VersionTLS13',
    choices: ['', 'VersionTLS12', 'VersionTLS13']
  },
  'tls-cipher-suites': { kind: 'text', description: 'comma separated names of TLS 1.2 cipher suites' },
  'tls-curve-preferences': {
    kind: 'text',
    description: 'comma separated numbers of curves (IANA TLS Supported Groups)'
  }
} as const satisfies FlagTable
