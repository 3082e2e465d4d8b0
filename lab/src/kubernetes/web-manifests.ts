import type { Manifest } from '../api.ts'
import { WEB_IMAGE } from './images.ts'
import { CLARION_NAMESPACE } from './installed-clarion.ts'

/** Addresses of the segment for Services, announced on it. */
export const EXAMPLE_MANIFESTS: readonly (Manifest & Record<string, unknown>)[] = [
  {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'segment', namespace: CLARION_NAMESPACE },
    spec: { addresses: ['192.168.100.200-192.168.100.219', 'fd00:c1a:100::200/120'], avoidBuggyIPs: true }
  },
  {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name: 'segment', namespace: CLARION_NAMESPACE }
  }
]

const PORT = 8080
/** One that is slow to answer, on a machine that is busy, is not taken for dead. */
const PROBE_TIMES = { periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 3 }
const PATIENCE_S = 2

/** A Deployment of pods that tell who they are, and two Services of type LoadBalancer for it: one of each traffic policy. */
export function webManifests(
  name: string,
  replicas: number
): readonly (Manifest & Record<string, unknown>)[] {
  return [deployment(name, replicas), service(name, name, 'Cluster'), service(`${name}-local`, name, 'Local')]
}

function deployment(name: string, replicas: number): Manifest & Record<string, unknown> {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: PATIENCE_S,
          // A node that is gone is believed to be so after seconds, not minutes.
          tolerations: ['not-ready', 'unreachable'].map((what) => ({
            key: `node.kubernetes.io/${what}`,
            operator: 'Exists',
            effect: 'NoExecute',
            tolerationSeconds: PATIENCE_S
          })),
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: labels }
            }
          ],
          containers: [container()]
        }
      }
    }
  }
}

function container(): object {
  return {
    name: 'web',
    image: WEB_IMAGE,
    imagePullPolicy: 'Never',
    env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
    ports: [{ name: 'http', containerPort: PORT }],
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, ...PROBE_TIMES },
    livenessProbe: { httpGet: { path: '/healthz', port: 'http' }, ...PROBE_TIMES },
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
    securityContext: {
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' }
    }
  }
}

function service(
  name: string,
  app: string,
  externalTrafficPolicy: 'Cluster' | 'Local'
): Manifest & Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      type: 'LoadBalancer',
      ipFamilyPolicy: 'PreferDualStack',
      externalTrafficPolicy,
      selector: { app },
      ports: [{ name: 'http', port: 80, targetPort: 'http' }]
    }
  }
}
