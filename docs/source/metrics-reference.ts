import { type Metric, Registry } from 'prom-client'
import { registerAllocatorMetrics } from '../../apps/controller/src/metrics.ts'
import { createWebhookMetrics } from '../../apps/controller/src/webhooks/webhook-metrics.ts'
import { createCommonMetrics, registerAccessMetrics } from '../../apps/runtime/src/index.ts'
import { LivenessMetrics } from '../../apps/speaker/src/liveness-metrics.ts'
import { registerSpeakerMetrics } from '../../apps/speaker/src/metrics.ts'
import { registerSessionMetrics } from '../../apps/speaker/src/session-metrics.ts'
import { type Alert, CLARION_ALERTS, METALLB_ALERTS } from '../../deploy/source/monitoring/alerts.ts'
import { adviceOf } from './alert-advice.ts'
import { code, GENERATED, plain, table } from './markdown.ts'

const INTRODUCTION = `# Metrics and alerts

Controller and speakers serve \`/metrics\` over HTTPS on port 9120. Who asks has to show a token of Kubernetes that may
\`get\` the path \`/metrics\` (TokenReview and SubjectAccessReview); Prometheus gets the right with
\`clarion-native-prometheus.yaml\`, the component \`prometheus\` of kustomize, or the chart's \`prometheus.serviceMonitor.enabled\`.
By hand:

\`\`\`
kubectl -n metallb-system port-forward deploy/controller 9120 &
curl -k -H "Authorization: Bearer $(kubectl -n monitoring create token prometheus-k8s)" https://localhost:9120/metrics
\`\`\`

Names that begin with \`metallb_\` are those of MetalLB, from its native and FRR modes. Beside those below there are
\`process_…\` and \`nodejs_…\`: processor time, memory, file descriptors, garbage collection and the lag of the event loop, as
every program with prom-client has them.`

/** The text of `docs/reference/metrics.md`. */
export async function metricsReference(): Promise<string> {
  return [
    GENERATED,
    INTRODUCTION,
    '## Metrics of both',
    await metricsTable(commonRegistry()),
    'Of rights only those have a series that were missed once.',
    '## Metrics of the controller',
    await metricsTable(controllerRegistry()),
    'Pools are those that can be used. Only the controller that leads has them.',
    '## Metrics of the speaker',
    await metricsTable(speakerRegistry()),
    'They are made when somebody asks, from what the threads with the sockets count; a series is gone with the address, or the peer, that it is of.',
    '## Alerts',
    'In `clarion-native-prometheus.yaml` and, with `prometheus.prometheusRule.enabled`, in the chart. `deploy/monitoring/clarion-dashboard.json` is a dashboard for Grafana.',
    '### Of MetalLB, by its names',
    alertsTable(METALLB_ALERTS),
    '### Of Clarion',
    alertsTable(CLARION_ALERTS),
    ''
  ].join('\n\n')
}

function commonRegistry(): Registry {
  const { registry } = createCommonMetrics()
  registerAccessMetrics(registry)
  return registry
}

function controllerRegistry(): Registry {
  const registry = new Registry()
  registerAllocatorMetrics(registry, () => undefined)
  createWebhookMetrics(registry)
  return registry
}

function speakerRegistry(): Registry {
  const registry = new Registry()
  const counts = { addresses: [], liveness: undefined }
  registerSpeakerMetrics(registry, {
    node: '',
    counts: async () => counts,
    announced: () => [],
    liveness: new LivenessMetrics(registry)
  })
  registerSessionMetrics(registry, async () => [])
  return registry
}

async function metricsTable(registry: Registry): Promise<string> {
  const metrics = await registry.getMetricsAsJSON()
  const rows = metrics
    .filter(({ name }) => !/^(nodejs|process)_/.test(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, help }) => [
      code(name),
      // prom-client says it as a name, and its types as a number.
      String(type),
      labelsOf(registry.getSingleMetric(name)).map(code).join(', '),
      plain(help)
    ])
  return table(['Name', 'Type', 'Labels', 'Meaning'], rows)
}

function labelsOf(metric: Metric | undefined): readonly string[] {
  const names: unknown = metric !== undefined && 'labelNames' in metric ? metric.labelNames : undefined
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}

function alertsTable(alerts: readonly Alert[]): string {
  const rows = alerts.map(({ alert, expr, for: held = '', labels, annotations }) => [
    code(alert),
    labels.severity,
    `${code(expr)}${held === '' ? '' : ` for ${held}`}`,
    plain(annotations.summary),
    adviceOf(alert)
  ])
  return table(['Alert', 'Severity', 'When', 'Meaning', 'What to do'], rows)
}
