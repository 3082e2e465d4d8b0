import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseFlags } from '../../../apps/runtime/src/index.ts'
import { SPEAKER_FLAGS } from '../../../apps/speaker/src/flags.ts'
import { baseParts } from '../../../deploy/source/generated-files.ts'
import { type JsonObject, objectAt, objectsAt } from '../../../deploy/source/json.ts'
import { findGoProgram } from './go-program.ts'
import { objectOf, readObjects, titleOf } from './rendered.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const CHART = join(ROOT, 'deploy', 'charts', 'clarion')
const METALLB_VALUES = join(import.meta.dirname, 'metallb-values')
const program = findGoProgram({ name: 'helm', module: 'helm.sh/helm/v3/cmd/helm@v3.18.6' })

function commandOf(release: string, values: readonly string[], chart = CHART): readonly string[] {
  const settings = values.flatMap((value) => ['--set', value])
  const common = ['--namespace', 'metallb-system', '--kube-version', '1.34.0']
  return ['template', release, chart, ...common, ...settings]
}

function render(...values: readonly string[]): readonly JsonObject[] {
  return readObjects(execFileSync(program ?? '', commandOf('metallb', values), { encoding: 'utf8' }))
}

/** What `helm upgrade --reuse-values` makes of a release of MetalLB's chart: that chart's defaults are in place of ours. */
function renderReusing(version: string, ...values: readonly string[]): readonly JsonObject[] {
  const chart = mkdtempSync(join(tmpdir(), 'clarion-chart-'))
  try {
    cpSync(CHART, chart, { recursive: true })
    copyFileSync(join(METALLB_VALUES, `${version}.yaml`), join(chart, 'values.yaml'))
    const command = commandOf('metallb', values, chart)
    return readObjects(execFileSync(program ?? '', command, { encoding: 'utf8' }))
  } finally {
    rmSync(chart, { recursive: true })
  }
}

function refusalOf(...values: readonly string[]): string {
  return spawnSync(program ?? '', commandOf('metallb', values), { encoding: 'utf8' }).stderr
}

function podSpecOf(workload: JsonObject): JsonObject {
  return objectAt(objectAt(objectAt(workload, 'spec'), 'template'), 'spec')
}

function containerOf(objects: readonly JsonObject[], kind: string, name: string): JsonObject | undefined {
  return objectsAt(podSpecOf(objectOf(objects, kind, name)), 'containers')[0]
}

/** What a speaker makes of the arguments that it is given. @throws FlagError when it would not start */
function speakerFlags(...values: readonly string[]) {
  const argv = textsOf(containerOf(render(...values), 'DaemonSet', 'metallb-speaker')).map(String)
  return parseFlags({ name: 'speaker', description: '', argv, env: {} }, SPEAKER_FLAGS)?.values
}

/** What the names and labels of a release make different. */
function withoutNames(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll(/"app\.kubernetes\.io\/instance":"metallb",?/g, '')
    .replaceAll('app.kubernetes.io/component', 'component')
    .replaceAll('app.kubernetes.io/name', 'app')
    .replaceAll('"serviceAccountName":"metallb-', '"serviceAccountName":"')
  return JSON.parse(text)
}

describe.skipIf(program === undefined)('the Helm chart (needs helm or Go)', () => {
  const raw: readonly JsonObject[] = Object.values(baseParts(ROOT)).flat()

  test('has no complaints of the linter', () => {
    const { stdout, status } = spawnSync(program ?? '', ['lint', '--strict', CHART], { encoding: 'utf8' })
    expect(stdout).toContain('0 chart(s) failed')
    expect(status).toBe(0)
  })

  test.each([
    ['Deployment', 'controller'],
    ['DaemonSet', 'speaker']
  ])('runs the same %s as the manifests, but for names', (kind, name) => {
    const chart = podSpecOf(objectOf(render(), kind, `metallb-${name}`))
    const manifest = podSpecOf(objectOf(raw, kind, name))
    const [container] = objectsAt(chart, 'containers')
    const [wanted] = objectsAt(manifest, 'containers')
    const args = [...textsOf(wanted), ...(name === 'controller' ? ['--webhook-mode=enabled'] : [])]
    expect(withoutNames({ ...chart, containers: [{ ...container, args: [] }] })).toEqual({
      ...manifest,
      containers: [{ ...wanted, args: [] }]
    })
    expect(textsOf(container)).toEqual(args)
  })

  test.each(['controller', 'speaker'])('gives the %s the same rights', (name) => {
    const chart = render()
    const pairs = [
      ['ClusterRole', `metallb:${name}`, `metallb-system:${name}`],
      ['Role', `metallb-${name}`, name]
    ] as const
    for (const [kind, mine, theirs] of pairs)
      expect(objectOf(chart, kind, mine)['rules']).toEqual(objectOf(raw, kind, theirs)['rules'])
  })

  test('has the same webhooks and definitions, in the namespace of the release', () => {
    const chart = render()
    const name = 'metallb-webhook-configuration'
    const kind = 'ValidatingWebhookConfiguration'
    expect(objectOf(chart, kind, name)['webhooks']).toEqual(objectOf(raw, kind, name)['webhooks'])
    for (const definition of raw.filter((object) => object['kind'] === 'CustomResourceDefinition')) {
      const [, title = ''] = titleOf(definition).split(' ')
      expect(objectOf(chart, 'CustomResourceDefinition', title)['spec']).toEqual(definition['spec'])
    }
  })

  test.each(['controller.webhookMode=disabled', 'controller.enabled=false'])(
    'with %s the definitions ask nobody, as nobody is there',
    (value) => {
      const chart = render(value)
      for (const definition of raw.filter((object) => object['kind'] === 'CustomResourceDefinition')) {
        const [, title = ''] = titleOf(definition).split(' ')
        const { conversion: _, ...spec } = objectAt(definition, 'spec')
        expect(objectOf(chart, 'CustomResourceDefinition', title)['spec']).toEqual(spec)
      }
      expect(JSON.stringify(chart)).not.toContain('metallb-webhook-service')
    }
  )

  // One that is removed is put back by a controller that still runs, and Helm then refuses to take it over.
  test('removes no Secret while there is a controller', () => {
    const secretsOf = (...values: readonly string[]): readonly string[] =>
      render(...values)
        .filter(({ kind }) => kind === 'Secret')
        .map(titleOf)
    expect(secretsOf()).toEqual(['Secret metallb-webhook-cert'])
    expect(secretsOf('controller.webhookMode=disabled')).toEqual(secretsOf())
  })

  test('a controller for webhooks alone converts, too', () => {
    const definition = objectOf(
      render('controller.webhookMode=onlywebhook'),
      'CustomResourceDefinition',
      'bgppeers.metallb.io'
    )
    expect(objectAt(objectAt(definition, 'spec'), 'conversion')['strategy']).toBe('Webhook')
  })

  // The oldest and the newest chart that a release of MetalLB may be of.
  test.each(['0.13.2', '0.16.1'])(
    "has no need of any value that MetalLB %s lacks, as `helm upgrade --reuse-values` brings that chart's",
    (version) => {
      const images = ['controller', 'speaker'].map((name) => `${name}.image.repository=r.example/${name}`)
      const reuse = (...values: readonly string[]): readonly JsonObject[] =>
        renderReusing(version, ...images, ...values)
      const readers = ['prometheus.serviceAccount=p', 'prometheus.namespace=m']

      const objects = reuse()
      const titles = objects.map(titleOf)
      expect(titles).toEqual(render().map(titleOf))
      expect(objectAt(objectOf(objects, 'Deployment', 'metallb-controller'), 'spec')['replicas']).toBe(2)
      // Of another port in 0.13.
      const [speaker, ours] = [reuse('prometheus.metricsPort=9120'), render()].map((all) =>
        containerOf(all, 'DaemonSet', 'metallb-speaker')
      )
      expect([textsOf(speaker), speaker?.['ports']]).toEqual([textsOf(ours), ours?.['ports']])
      const name = 'metallb-webhook-configuration'
      const webhooks = objectsAt(objectOf(objects, 'ValidatingWebhookConfiguration', name), 'webhooks')
      expect(webhooks.map(({ failurePolicy }) => failurePolicy)).toEqual(webhooks.map(() => 'Fail'))

      const more = reuse(
        'prometheus.serviceMonitor.enabled=true',
        'prometheus.dashboard.enabled=true',
        'prometheus.prometheusRule.enabled=true',
        'networkpolicies.enabled=true',
        ...readers
      )
      expect(more.map(titleOf)).toContain('ServiceMonitor metallb-speaker-monitor')
      expect(more.map(titleOf)).toContain('RoleBinding metallb-prometheus')
      expect(JSON.stringify(objectOf(more, 'ConfigMap', 'metallb-dashboard'))).toContain(
        '"grafana_dashboard":"1"'
      )
      expect(JSON.stringify(objectOf(more, 'PrometheusRule', 'metallb'))).toContain(
        'ClarionAddressAnnouncedTwice'
      )
      expect(JSON.stringify(objectOf(more, 'NetworkPolicy', 'metallb-controller'))).toContain('"port":6443')

      const pods = reuse('prometheus.podMonitor.enabled=true', ...readers)
      expect(JSON.stringify(objectOf(pods, 'PodMonitor', 'metallb-speaker'))).toContain(
        '"insecureSkipVerify":true'
      )
    }
  )

  test('has as many replicas of the controller as it is told, none included', () => {
    const deployment = objectOf(render('controller.replicas=0'), 'Deployment', 'metallb-controller')
    expect(objectAt(deployment, 'spec')['replicas']).toBe(0)
  })

  test.each([
    ['loadBalancerClass=x', '--lb-class=x'],
    ['controller.logLevel=debug', '--log-level=debug'],
    ['controller.webhookMode=disabled', '--webhook-mode=disabled'],
    ['speaker.ignoreExcludeLB=true', '--ignore-exclude-lb'],
    ['tls.minVersion=VersionTLS12', '--tls-min-version=VersionTLS12'],
    ['tls.speakerMetricsTLSSecret=s', '"secretName":"s"'],
    ['prometheus.scrapeAnnotations=true', '"prometheus.io/port":"9120"'],
    ['speaker.tolerations[0].operator=Exists', '{"operator":"Exists"}'],
    ['controller.image.repository=r.example/c', '"image":"r.example/c:v0.1.0"'],
    ['imagePullSecrets[0].name=p', '"imagePullSecrets":[{"name":"p"}]'],
    ['fullnameOverride=lb', '"name":"lb-speaker"'],
    ['crds.validationFailurePolicy=Ignore', '"failurePolicy":"Ignore"'],
    ['speaker.nodeSelector.a=b', '"a":"b"']
  ])("MetalLB's value %s does what it does there", (value, text) => {
    expect(JSON.stringify(render())).not.toContain(text)
    expect(JSON.stringify(render(value))).toContain(text)
  })

  test.each([
    [['speaker.liveness.enabled=false'], { liveness: 'off' }],
    [['speaker.liveness.port=7000'], { liveness: 'on', 'liveness-port': 7000 }],
    [['speaker.takeBackDelay=1500ms'], { 'take-back-delay': '1500ms' }],
    [['speaker.takeBackDelay=0'], { 'take-back-delay': '0' }],
    // As YAML reads the word without quotes, which --set does not.
    [['speaker.takeBackDelay=false'], { 'take-back-delay': 'off' }],
    [['speaker.takeBackDelay=off'], { 'take-back-delay': 'off' }],
    [['speaker.maintenanceOnCordon=true'], { 'maintenance-on-cordon': true }],
    [['speaker.wanConfig=true'], { 'ml-wan-config': true }],
    [['speaker.extraArgs[0]=--config=config'], { config: 'config' }],
    [['speaker.takeBackDelay=1s', 'speaker.extraArgs={--take-back-delay=2s}'], { 'take-back-delay': '2s' }]
  ])('with %j a speaker has the flags %j', (values, flags) => {
    expect(speakerFlags()).not.toMatchObject(flags)
    expect(speakerFlags(...values)).toEqual({ ...speakerFlags(), ...flags })
  })

  test.each([
    ['controller', 'Deployment'],
    ['speaker', 'DaemonSet']
  ])('the %s answers probes on the port that they ask', (name, kind) => {
    const probes = ['livenessProbe', 'readinessProbe'].map((probe) => `${name}.${probe}.port`)
    const container = containerOf(render(...probes.map((value) => `${value}=17000`)), kind, `metallb-${name}`)
    expect(textsOf(container)).toContain('--health-probe-port=17000')
    const text = JSON.stringify(container)
    expect(text.match(/"path":"\/\w+","port":\d+/g)).toEqual([
      '"path":"/healthz","port":17000',
      '"path":"/readyz","port":17000'
    ])
    expect(refusalOf(`${name}.livenessProbe.port=17000`)).toContain('are to be the same')
  })

  test('opens the port that speakers probe each other on, if they do', () => {
    const portsOf = (...values: readonly string[]): readonly unknown[] => {
      const container = containerOf(render(...values), 'DaemonSet', 'metallb-speaker') ?? {}
      return objectsAt(container, 'ports').flatMap((port) =>
        port['protocol'] === 'UDP' ? [port['containerPort']] : []
      )
    }
    expect(portsOf()).toEqual([7475])
    expect(portsOf('speaker.liveness.port=7000')).toEqual([7000])
    expect(portsOf('speaker.liveness.enabled=false')).toEqual([])
    expect(portsOf('speaker.memberlist.enabled=false')).toEqual([])
  })

  test.each([
    ['controller', 'Deployment'],
    ['speaker', 'DaemonSet']
  ])('gives the %s arguments and variables that no value stands for', (name, kind) => {
    const values = [
      `${name}.extraArgs={--config=config}`,
      `${name}.extraEnv[0].name=A`,
      `${name}.extraEnv[0].value=b`
    ]
    const container = containerOf(render(...values), kind, `metallb-${name}`)
    const before = containerOf(render(), kind, `metallb-${name}`)
    expect(textsOf(container)).toEqual([...textsOf(before), '--config=config'])
    expect(objectsAt(container ?? {}, 'env')).toEqual([
      ...objectsAt(before ?? {}, 'env'),
      { name: 'A', value: 'b' }
    ])
  })

  test.each([
    ['crds.enabled=false', 'CustomResourceDefinition'],
    ['controller.enabled=false', 'Deployment'],
    ['speaker.enabled=false', 'DaemonSet'],
    ['rbac.create=false', 'ClusterRole'],
    ['speaker.excludeInterfaces.enabled=false', 'ConfigMap'],
    ['controller.webhookMode=disabled', 'ValidatingWebhookConfiguration']
  ])('%s leaves out each %s', (value, kind) => {
    expect(render().some((object) => object['kind'] === kind)).toBe(true)
    expect(render(value).filter((object) => object['kind'] === kind)).toEqual([])
  })

  test('refuses what makes no sense, in words', () => {
    expect(refusalOf('configInline.a=b')).toContain('configInline is gone')
    expect(refusalOf('speaker.image.repository=quay.io/metallb/speaker')).toContain("MetalLB's image")
    expect(refusalOf('prometheus.serviceMonitor.enabled=true')).toContain(
      'prometheus.serviceAccount is needed'
    )
  })

  test("has monitors, alerts with thresholds of one's own, and a dashboard", () => {
    const objects = render(
      'prometheus.serviceMonitor.enabled=true',
      'prometheus.serviceAccount=p',
      'prometheus.namespace=m',
      'prometheus.dashboard.enabled=true',
      'prometheus.prometheusRule.enabled=true',
      'prometheus.prometheusRule.addressPoolUsage.thresholds[0].percent=60',
      'prometheus.prometheusRule.addressPoolExhausted.excludePools=test-.*',
      'networkpolicies.enabled=true'
    )
    const titles = objects.map(titleOf)
    expect(titles).toContain('ServiceMonitor metallb-speaker-monitor')
    expect(titles).toContain('NetworkPolicy metallb-controller')
    expect(titles).toContain('ConfigMap metallb-dashboard')
    const rules = JSON.stringify(objectOf(objects, 'PrometheusRule', 'metallb'))
    expect(rules).toContain('"alert":"MetalLBAddressPoolUsage60Percent"')
    expect(rules).toContain('in_use_total{pool!~\\"test-.*\\"}')
    expect(rules).toContain('ClarionAddressAnnouncedTwice')
  })
})

function textsOf(container: JsonObject | undefined): readonly unknown[] {
  const args = container?.['args']
  return Array.isArray(args) ? args : []
}
