import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CONTROLLER_FLAGS } from '../../apps/controller/src/flags.ts'
import { SPEAKER_FLAGS } from '../../apps/speaker/src/flags.ts'
import { baseParts, generatedFiles } from '../../deploy/source/generated-files.ts'
import { objectAt, objectsAt } from '../../deploy/source/json.ts'
import { CLARION_ALERTS, METALLB_ALERTS } from '../../deploy/source/monitoring/alerts.ts'
import { dashboardQueries } from '../../deploy/source/monitoring/dashboard.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const OBJECTS = Object.values(baseParts(ROOT)).flat()

function podSpecOf(kind: string): Readonly<Record<string, unknown>> {
  const workload = OBJECTS.find((object) => object.kind === kind) ?? {}
  return objectAt(objectAt(objectAt(workload, 'spec'), 'template'), 'spec')
}

function containerOf(kind: string): Readonly<Record<string, unknown>> {
  return objectsAt(podSpecOf(kind), 'containers')[0] ?? {}
}

test.each(Object.entries(generatedFiles(ROOT)))(
  'deploy/%s is what `npm run generate` makes',
  (path, text) => {
    expect(readFileSync(join(ROOT, 'deploy', path), 'utf8')).toBe(text)
  }
)

describe('an installation of MetalLB is replaced in place:', () => {
  // Names and labels of MetalLB's manifests, config/manifests/metallb-native.yaml of its release 0.15.
  test.each([
    ['Namespace', 'metallb-system'],
    ['ServiceAccount', 'controller'],
    ['ServiceAccount', 'speaker'],
    ['ClusterRole', 'metallb-system:controller'],
    ['ClusterRole', 'metallb-system:speaker'],
    ['ConfigMap', 'metallb-excludel2'],
    ['Secret', 'metallb-webhook-cert'],
    ['Service', 'metallb-webhook-service'],
    ['Deployment', 'controller'],
    ['DaemonSet', 'speaker'],
    ['ValidatingWebhookConfiguration', 'metallb-webhook-configuration'],
    ['CustomResourceDefinition', 'bgppeers.metallb.io']
  ])('%s %s has the same name', (kind, name) => {
    expect(OBJECTS.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name)).toContain(
      name
    )
  })

  test.each([
    ['Deployment', 'controller'],
    ['DaemonSet', 'speaker']
  ])('the selector of the %s, which nobody can change, is the same', (kind, component) => {
    const workload = OBJECTS.find((object) => object.kind === kind) ?? {}
    expect(objectAt(workload, 'spec')['selector']).toEqual({ matchLabels: { app: 'metallb', component } })
  })
})

test('the Secret of liveness keys comes from the controller alone, so that no installer takes it away', () => {
  expect(OBJECTS.map(({ metadata }) => metadata.name)).not.toContain('clarion-liveness')
})

describe('what runs', () => {
  test.each(['Deployment', 'DaemonSet'])(
    'in the %s cannot gain privileges, nor write to its image',
    (kind) => {
      expect(containerOf(kind)['securityContext']).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] }
      })
      expect(podSpecOf(kind)['securityContext']).toMatchObject({ seccompProfile: { type: 'RuntimeDefault' } })
    }
  )

  test('has one capability, on nodes alone: packet sockets', () => {
    const added = (kind: string): unknown =>
      objectAt(objectAt(containerOf(kind), 'securityContext'), 'capabilities')['add']
    expect(added('Deployment')).toBeUndefined()
    expect(added('DaemonSet')).toEqual(['NET_RAW'])
  })

  test('the controller is not the superuser', () => {
    expect(podSpecOf('Deployment')['securityContext']).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65_534
    })
  })

  test('has longer to end than it takes itself', () => {
    const lifecycle = readFileSync(join(ROOT, 'apps/runtime/src/lifecycle.ts'), 'utf8')
    const [, limit = ''] = /STOP_TIMEOUT_MS = ([\d_]+)/.exec(lifecycle) ?? []
    for (const kind of ['Deployment', 'DaemonSet'])
      expect(Number(podSpecOf(kind)['terminationGracePeriodSeconds']) * 1000).toBeGreaterThan(
        Number(limit.replaceAll('_', ''))
      )
  })

  test('its reports survive nothing but its pod: each knows its name', () => {
    for (const kind of ['Deployment', 'DaemonSet'])
      expect(containerOf(kind)['env']).toContainEqual(expect.objectContaining({ name: 'METALLB_POD_NAME' }))
  })
})

test('the documented way without webhooks has the API server convert BGPPeers, and leaves it no webhook to ask', () => {
  const page = readFileSync(join(ROOT, 'docs', 'troubleshooting.md'), 'utf8')
  const [, patch = ''] = /kubectl patch crd bgppeers\.metallb\.io --type=json -p '(.*)'/.exec(page) ?? []
  // All of it is replaced: the server refuses a webhook that no strategy asks.
  expect(JSON.parse(patch)).toEqual([
    { op: 'replace', path: '/spec/conversion', value: { strategy: 'None' } }
  ])
})

test('values of the chart are the defaults of the flags that they stand for', () => {
  const values: unknown = parse(readFileSync(join(ROOT, 'deploy/charts/clarion/values.yaml'), 'utf8'))
  const flags = SPEAKER_FLAGS
  const healthPort = { port: Number(flags['health-probe-port'].default) }
  const probes = { livenessProbe: healthPort, readinessProbe: healthPort }
  expect(flags.liveness.default).toBe('on')
  expect(values).toMatchObject({
    prometheus: { metricsPort: Number(flags.port.default) },
    controller: {
      logLevel: flags['log-level'].default,
      webhookMode: CONTROLLER_FLAGS['webhook-mode'].default,
      ...probes
    },
    speaker: {
      logLevel: flags['log-level'].default,
      liveness: { enabled: true, port: Number(flags['liveness-port'].default) },
      takeBackDelay: flags['take-back-delay'].default,
      maintenanceOnCordon: false,
      wanConfig: false,
      ignoreExcludeLB: false,
      ...probes
    }
  })
})

describe('alerts and dashboard', () => {
  test('the alerts of MetalLB have its names', () => {
    expect(METALLB_ALERTS.map(({ alert }) => alert)).toEqual([
      'MetalLBStaleConfig',
      'MetalLBConfigNotLoaded',
      'MetalLBAddressPoolExhausted',
      'MetalLBAddressPoolUsage75Percent',
      'MetalLBAddressPoolUsage85Percent',
      'MetalLBAddressPoolUsage95Percent',
      'MetalLBBGPSessionDown'
    ])
  })

  test('ask for metrics that somebody serves', () => {
    const files = ['apps/*/src/**/*.ts', 'node_modules/prom-client/lib/metrics/*.js']
    const sources = globSync(files, { cwd: ROOT })
      .map((file) => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n')
    const queries = [...METALLB_ALERTS, ...CLARION_ALERTS].map(({ expr }) => expr).concat(dashboardQueries())
    const names = new Set(queries.join('\n').match(/\b(?:metallb|clarion|nodejs|process)_\w+/g))
    expect(names.size).toBeGreaterThan(15)
    // The last part of the names of prom-client is made of pieces.
    expect([...names].filter((name) => !sources.includes(name))).toEqual([])
  })
})
