import { type Problem } from '@clarion-lb/config'
import { type V1Pod } from '@clarion-lb/k8s-watch'
import { type KubeObject } from '@clarion-lb/kube-sim'
import { describe, expect, test, vi } from 'vitest'
import { NAMESPACE } from '../test/objects.ts'
import { afterwards, TestCluster, type TestClusterOptions } from '../test/test-cluster.ts'
import { ConfigurationReporter, type ConfigurationReporterOptions } from './configuration-reporter.ts'

const RESOURCE = 'configurationstates'

function stateOf(name: string): KubeObject {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'ConfigurationState',
    metadata: { name, namespace: NAMESPACE }
  }
}
const CONTROLLER = stateOf('controller')

function problem(name: string, severity: Problem['severity'] = 'error'): Problem {
  return {
    severity,
    kind: 'IPAddressPool',
    namespace: NAMESPACE,
    name,
    field: 'spec.addresses',
    value: 'x',
    message: 'it is wrong',
    remedy: 'put it right'
  }
}

interface Bench {
  readonly cluster: TestCluster
  readonly reporter: ConfigurationReporter
  readonly problems: unknown[]
  readonly status: () => unknown
  /** Resolves when one report was written completely. */
  readonly written: () => Promise<void>
}

async function start(
  options: Partial<ConfigurationReporterOptions> = {},
  clusterOptions: TestClusterOptions = {}
): Promise<Bench> {
  const cluster = await TestCluster.start(clusterOptions)
  const problems: unknown[] = []
  const reporter = new ConfigurationReporter({
    client: await cluster.client(),
    namespace: NAMESPACE,
    component: { type: 'controller' },
    pod: undefined,
    onProblem: (error) => {
      problems.push(error)
      cluster.ring()
    },
    retryMs: 50,
    ...options
  })
  afterwards(() => reporter.stop())
  reporter.start(new AbortController().signal)
  let seen = 0
  return {
    cluster,
    reporter,
    problems,
    status: () => cluster.find(CONTROLLER)?.['status'],
    written: async () => {
      await cluster.eventually(() => expect(cluster.writes(RESOURCE)).toHaveLength(seen + 2))
      await cluster.eventually(() => expect(cluster.find(CONTROLLER)?.['status']).toBeDefined())
      seen += 2
    }
  }
}

describe('what is written', () => {
  test('a configuration without errors is Valid; warnings do not count', async () => {
    const { cluster, reporter, status, written } = await start()
    reporter.report([problem('p', 'warning')])
    await written()
    expect(status()).toMatchObject({
      result: 'Valid',
      conditions: [{ type: 'poolReconcilerValid', status: 'True', reason: 'Reconciled', message: '' }]
    })
    expect(cluster.get(CONTROLLER).metadata.labels).toEqual({ 'metallb.io/component-type': 'controller' })
  })

  test('with errors it is Invalid, with a line for each', async () => {
    const { reporter, status, written } = await start()
    reporter.report([problem('a'), problem('w', 'warning'), problem('b')])
    await written()
    const { errorSummary } = summaryOf(status())
    expect(errorSummary?.split('\n')).toHaveLength(2)
    expect(errorSummary).toContain('IPAddressPool metallb-system/a')
    expect(errorSummary).not.toContain('/w')
    expect(status()).toMatchObject({
      result: 'Invalid',
      conditions: [{ status: 'False', reason: 'ConfigurationError', message: errorSummary }]
    })
  })

  test('a long summary is cut to what an object may hold', async () => {
    const { reporter, status, written } = await start()
    reporter.report(Array.from({ length: 500 }, (_, i) => problem(`pool-${i}`)))
    await written()
    expect(summaryOf(status()).errorSummary).toHaveLength(16_384)
  })

  test('a speaker writes one of its node, which goes with its pod', async () => {
    const pod: V1Pod = { metadata: { name: 'speaker-x', uid: 'u-1' } }
    const { cluster, reporter } = await start({ component: { type: 'speaker', node: 'n1' }, pod })
    cluster.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'speaker-x', namespace: NAMESPACE } })
    reporter.report([])
    const own = stateOf('speaker-n1')
    await cluster.eventually(() =>
      expect(cluster.find(own)?.['status']).toMatchObject({ conditions: [{ type: 'configReconcilerValid' }] })
    )
    expect(cluster.get(own).metadata).toMatchObject({
      labels: { 'metallb.io/component-type': 'speaker', 'metallb.io/node-name': 'n1' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'speaker-x', uid: 'u-1' }]
    })
  })
})

describe('the time of the last transition', () => {
  test('changes with the status of the condition, not with its text', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T00:00:00.500Z') })
    afterwards(() => vi.useRealTimers())
    const { reporter, status, written } = await start({}, { now: () => Date.parse('2026-01-01T00:00:00Z') })
    const report = async (at: string, problems: readonly Problem[]): Promise<string | undefined> => {
      vi.setSystemTime(Date.parse(at))
      reporter.report(problems)
      await written()
      return transitionOf(status())
    }
    expect(await report('2026-01-01T00:00:01.500Z', [problem('a')])).toBe('2026-01-01T00:00:01Z')
    expect(await report('2026-01-01T00:00:02Z', [problem('b')])).toBe('2026-01-01T00:00:01Z')
    expect(await report('2026-01-01T00:00:03Z', [])).toBe('2026-01-01T00:00:03Z')
    expect(await report('2026-01-01T00:00:04Z', [problem('a')])).toBe('2026-01-01T00:00:04Z')
  })
})

test('a process that finds what the one before it found makes no transition of it', async () => {
  const { cluster, reporter, status: statusNow, written } = await start()
  reporter.report([problem('a')])
  await written()
  await reporter.stop()
  const condition = {
    type: 'poolReconcilerValid',
    status: 'False',
    reason: 'ConfigurationError',
    message: 'a',
    lastTransitionTime: '2020-01-01T00:00:00Z'
  }
  const status = { result: 'Invalid', errorSummary: 'a', conditions: [condition] }
  cluster.change(CONTROLLER, (current) => ({ ...current, status }), 'status')
  const next = new ConfigurationReporter({
    client: await cluster.client(),
    namespace: NAMESPACE,
    component: { type: 'controller' },
    pod: undefined,
    onProblem: () => undefined
  })
  afterwards(() => next.stop())
  next.start(new AbortController().signal)
  next.report([problem('b')])
  await cluster.eventually(() => expect(summaryOf(statusNow()).errorSummary).toContain('/b'))
  expect(transitionOf(statusNow())).toBe('2020-01-01T00:00:00Z')
  next.report([])
  await cluster.eventually(() => expect(statusNow()).toMatchObject({ result: 'Valid' }))
  expect(transitionOf(statusNow())).not.toBe('2020-01-01T00:00:00Z')
})

describe('when it is written', () => {
  test('not when nothing changed', async () => {
    const { cluster, reporter, written } = await start()
    reporter.report([problem('a')])
    await written()
    for (let i = 0; i < 3; i += 1) reporter.report([problem('a')])
    reporter.report([problem('b')])
    await written()
    expect(cluster.writes(RESOURCE)).toHaveLength(4)
  })

  test('what is reported while a write is under way is written after it, the last of it only', async () => {
    const { cluster, reporter, status } = await start()
    reporter.report([problem('a')])
    await cluster.eventually(() => expect(cluster.writes(RESOURCE)).toHaveLength(1))
    for (const name of ['b', 'c', 'd']) reporter.report([problem(name)])
    await cluster.eventually(() => expect(summaryOf(status()).errorSummary).toContain('/d'))
    expect(cluster.writes(RESOURCE).length).toBeLessThanOrEqual(4)
  })

  test('again when somebody deletes it', async () => {
    const { cluster, reporter, status, written } = await start()
    reporter.report([problem('a')])
    await written()
    const before = status()
    cluster.remove(CONTROLLER)
    await written()
    expect(status()).toEqual(before)
  })

  test('not when somebody deletes one of another component', async () => {
    const { cluster, reporter, written } = await start()
    reporter.report([])
    await written()
    cluster.put(stateOf('speaker-n1'))
    cluster.remove(stateOf('speaker-n1'))
    cluster.remove(CONTROLLER)
    await written()
    expect(cluster.writes(RESOURCE)).toHaveLength(4)
  })

  test('again after a write that failed', async () => {
    const { cluster, reporter, problems, status } = await start()
    cluster.sim.faults.add({
      match: { verbs: ['patch'], subresource: 'status' },
      action: { type: 'status', code: 500 },
      times: 1
    })
    reporter.report([problem('a')])
    await cluster.eventually(() => expect(problems).toMatchObject([{ status: 500 }]))
    await cluster.eventually(() => expect(status()).toMatchObject({ result: 'Invalid' }))
  })

  test('once its CustomResourceDefinition is there; until then that is no problem', async () => {
    const { cluster, reporter, problems, status } = await start({}, { crds: [] })
    reporter.report([])
    await cluster.eventually(() => expect(cluster.writes(RESOURCE)).toHaveLength(1))
    cluster.putCrd('configurationstates.metallb.io')
    await cluster.eventually(() => expect(status()).toMatchObject({ result: 'Valid' }))
    expect(problems).toEqual([])
  })

  test('not after the end', async () => {
    const { cluster, reporter, written } = await start()
    reporter.report([])
    await written()
    await reporter.stop()
    reporter.report([problem('a')])
    const client = await cluster.client()
    await client.getPath('/version')
    expect(cluster.writes(RESOURCE)).toHaveLength(2)
  })
})

function summaryOf(status: unknown): { readonly errorSummary?: string } {
  if (typeof status !== 'object' || status === null || !('errorSummary' in status)) return {}
  return { errorSummary: String(status.errorSummary) }
}

function transitionOf(status: unknown): string | undefined {
  const text = JSON.stringify(status)
  return /"lastTransitionTime":"([^"]+)"/.exec(text)?.[1]
}
