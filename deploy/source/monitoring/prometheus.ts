import {
  LABELS,
  type ManifestObject,
  METRICS_PORT,
  metadata,
  NAMESPACE,
  podLabels
} from '../manifests/objects.ts'
import { type Alert, CLARION_ALERTS, METALLB_ALERTS } from './alerts.ts'

const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** What the Prometheus operator needs to scrape both, and the alerts. The names are those of MetalLB's manifests. */
export function prometheusObjects(): readonly ManifestObject[] {
  return [
    ...monitorOf('controller'),
    ...monitorOf('speaker'),
    ...scraperRights(),
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: metadata('metallb'),
      spec: { groups: ruleGroups() }
    }
  ]
}

/** The alerts in groups: MetalLB's, and those that it has not. */
export function ruleGroups(): readonly { readonly name: string; readonly rules: readonly Alert[] }[] {
  return [
    { name: 'metallb.rules', rules: METALLB_ALERTS },
    { name: 'clarion.rules', rules: CLARION_ALERTS }
  ]
}

function monitorOf(component: 'controller' | 'speaker'): readonly ManifestObject[] {
  const name = `${component}-monitor`
  const labels = { ...LABELS, component, name: `${name}-service` }
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata(`${name}-service`), labels },
      spec: {
        clusterIP: 'None',
        ports: [{ name: 'metricshttps', port: METRICS_PORT, targetPort: METRICS_PORT }],
        selector: podLabels(component)
      }
    },
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: { ...metadata(name), labels: { ...LABELS, component } },
      spec: {
        jobLabel: 'component',
        selector: { matchLabels: { name: `${name}-service` } },
        endpoints: [
          {
            port: 'metricshttps',
            scheme: 'https',
            interval: '30s',
            honorLabels: true,
            bearerTokenFile: TOKEN_FILE,
            tlsConfig: { insecureSkipVerify: true }
          }
        ]
      }
    }
  ]
}

/** Where kube-prometheus has its Prometheus. */
function scraperRights(): readonly ManifestObject[] {
  const api = 'rbac.authorization.k8s.io'
  const name = 'prometheus-k8s'
  return [
    {
      apiVersion: `${api}/v1`,
      kind: 'Role',
      metadata: metadata(name),
      rules: [
        { apiGroups: [''], resources: ['services', 'endpoints', 'pods'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] }
      ]
    },
    {
      apiVersion: `${api}/v1`,
      kind: 'RoleBinding',
      metadata: metadata(name),
      roleRef: { apiGroup: api, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'monitoring' }]
    },
    {
      apiVersion: `${api}/v1`,
      kind: 'ClusterRole',
      metadata: { name: `${NAMESPACE}:metrics-reader`, labels: LABELS },
      rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }]
    },
    {
      apiVersion: `${api}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: `${NAMESPACE}:metrics-reader`, labels: LABELS },
      roleRef: { apiGroup: api, kind: 'ClusterRole', name: `${NAMESPACE}:metrics-reader` },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'monitoring' }]
    }
  ]
}
