import { describe, expect, test } from 'vitest'
import { afterwards, SimBench, until } from '../test/sim-bench.ts'
import { Informer } from './informer.ts'
import { type KubeClient } from './kube-client.ts'
import { LeaderElector, type LeadershipChange } from './leader-elector.ts'
import { LeaseHeartbeat, type LeaseHeartbeatOptions } from './lease-heartbeat.ts'
import { LeaseObserver } from './lease-observer.ts'
import { LEASES } from './resource.ts'
import { type V1Lease } from './types.ts'

const NAMESPACE = 'default'

interface CandidateOptions {
  /** What another has heard, to go on with. */
  readonly heard?: string[]
  readonly times?: { readonly leaseDurationMs: number; readonly renewDeadlineMs: number }
}

class Candidate {
  readonly elector: LeaderElector
  readonly heard: string[]

  constructor(client: KubeClient, identity: string, options: CandidateOptions = {}) {
    this.heard = options.heard ?? []
    const lease = { namespace: NAMESPACE, name: 'controller' }
    this.elector = new LeaderElector({ client, lease, identity, retryPeriodMs: 50, ...options.times })
    this.elector.onChange((change) => {
      if (change.type === 'started' || change.type === 'stopped')
        this.heard.push(`${identity} ${change.type}`)
    })
    afterwards(() => this.elector.stop())
  }

  async next(type: LeadershipChange['type']): Promise<void> {
    await new Promise<void>((resolve) => {
      const unsubscribe = this.elector.onChange((change) => {
        if (change.type !== type) return
        unsubscribe()
        resolve()
      })
    })
  }

  async start(type: LeadershipChange['type']): Promise<void> {
    const next = this.next(type)
    this.elector.start()
    await next
  }
}

describe('LeaderElector and a server', () => {
  test('of two one leads; when it stops, the other does', async () => {
    const bench = await SimBench.start()
    const a = new Candidate(await bench.client(), 'a')
    const b = new Candidate(await bench.client(), 'b', { heard: a.heard })
    await a.start('started')
    await b.start('observed')
    expect([a.elector.isLeader(), b.elector.isLeader(), b.elector.leader]).toEqual([true, false, 'a'])
    const started = b.next('started')
    await a.elector.stop()
    await started
    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([false, true])
    expect(a.heard).toEqual(['a started', 'a stopped', 'b started'])
  })

  test('a leader that reaches the server no more has stopped before the other begins', async () => {
    const bench = await SimBench.start()
    const times = { leaseDurationMs: 2000, renewDeadlineMs: 1500 }
    const a = new Candidate(await bench.client({ userAgent: 'cut-off' }), 'a', { times })
    const b = new Candidate(await bench.client(), 'b', { times, heard: a.heard })
    await a.start('started')
    await b.start('observed')
    const started = b.next('started')
    bench.sim.faults.add({ match: { userAgent: 'cut-off' }, action: { type: 'hang' } })
    await started
    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([false, true])
    expect(a.heard).toEqual(['a started', 'a stopped', 'b started'])
  })

  test('lost answers and conflicts end no leadership', async () => {
    const bench = await SimBench.start()
    const a = new Candidate(await bench.client(), 'a')
    await a.start('started')
    const match = { verbs: ['update'], resource: 'leases' } as const
    for (const action of [
      { type: 'loseAnswer' },
      { type: 'status', code: 409 },
      { type: 'reset' }
    ] as const) {
      const problem = a.next('problem')
      // Two of each: a single conflict is settled by a second look.
      bench.sim.faults.add({ match, action, times: 2 })
      await problem
    }
    expect([a.elector.isLeader(), a.heard]).toEqual([true, ['a started']])
  })
})

async function beating(
  client: KubeClient,
  name: string,
  options: Partial<LeaseHeartbeatOptions> = {}
): Promise<LeaseHeartbeat> {
  const lease = { namespace: NAMESPACE, name }
  const labels = { app: 'speaker' }
  const heartbeat = new LeaseHeartbeat({
    client,
    lease,
    labels,
    durationMs: 1000,
    intervalMs: 50,
    ...options
  })
  afterwards(() => heartbeat.stop())
  heartbeat.start()
  return heartbeat
}

interface Watching {
  readonly observer: LeaseObserver
  readonly said: readonly string[]
  /** Resolves when all of that has been said. */
  readonly until: (...wanted: readonly string[]) => Promise<void>
}

async function watching(client: KubeClient): Promise<Watching> {
  const observer = new LeaseObserver({
    client,
    namespace: NAMESPACE,
    labelSelector: 'app=speaker',
    maxGapMs: 300
  })
  const said: string[] = []
  const checks = new Set<() => void>()
  observer.onChange(({ name, verdict }) => {
    said.push(`${name} ${verdict}`)
    for (const check of checks) check()
  })
  afterwards(() => observer.stop())
  observer.start()
  await observer.informer.waitForSync()
  return {
    observer,
    said,
    until: (...wanted) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (wanted.every((fact) => said.includes(fact))) resolve()
        }
        checks.add(check)
        check()
      })
  }
}

/** Follows the Leases as they are. */
async function leasesOf(client: KubeClient): Promise<Informer<V1Lease>> {
  const informer = new Informer({ client, resource: LEASES, namespace: NAMESPACE, minRetryMs: 5 })
  afterwards(() => informer.stop())
  informer.start()
  await until(informer, () => informer.isConnected)
  return informer
}

describe('LeaseHeartbeat and LeaseObserver', () => {
  test('a heartbeat makes its Lease, renews it, and gives it back at the end', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    const informer = await leasesOf(client)
    const renewTimes = new Set<unknown>()
    informer.onChange(({ object }) => renewTimes.add(object.spec?.renewTime))
    const heartbeat = await beating(client, 'node-1', { identity: 'pod-1' })
    await until(informer, () => renewTimes.size >= 4)
    const lease = informer.cache.get({ namespace: NAMESPACE, name: 'node-1' })
    expect(lease).toMatchObject({
      metadata: { labels: { app: 'speaker' } },
      spec: { holderIdentity: 'pod-1', leaseDurationSeconds: 1 }
    })
    await heartbeat.stop()
    const last = await client.get(LEASES, { namespace: NAMESPACE, name: 'node-1' })
    expect(last.spec?.holderIdentity ?? '').toBe('')
    expect(heartbeat.renewedAt).toBeGreaterThan(0)
  })

  test('a heartbeat whose Lease was deleted makes it again, and one that fails says so and goes on', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    const informer = await leasesOf(client)
    const problems: unknown[] = []
    await beating(client, 'node-1', { onProblem: (error) => problems.push(error) })
    await until(informer, () => informer.cache.size === 1)
    bench.sim.faults.add({ match: { verbs: ['patch'] }, action: { type: 'status', code: 500 }, times: 2 })
    let isGone = false
    informer.onChange(({ type }) => void (isGone ||= type === 'deleted'))
    await client.delete(LEASES, { namespace: NAMESPACE, name: 'node-1' })
    await until(informer, () => isGone && informer.cache.size === 1)
    expect(problems).toMatchObject([{ status: 500 }, { status: 500 }])
  })

  test('the end of a heartbeat whose Lease is gone is no problem', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    const informer = await leasesOf(client)
    const problems: unknown[] = []
    const heartbeat = await beating(client, 'node-1', {
      intervalMs: 900,
      onProblem: (error) => problems.push(error)
    })
    await until(informer, () => informer.cache.size === 1)
    await client.delete(LEASES, { namespace: NAMESPACE, name: 'node-1' })
    await heartbeat.stop()
    expect([problems, await client.find(LEASES, { namespace: NAMESPACE, name: 'node-1' })]).toEqual([
      [],
      undefined
    ])
  })

  test('who stops is expired at once, who dies after its duration, who goes on is alive', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    await beating(client, 'own')
    const polite = await beating(client, 'polite')
    const dying = await beating(client, 'dying', { releaseOnStop: false })
    const { observer, said, until: heard } = await watching(client)
    await heard('own alive', 'polite alive', 'dying alive')
    await dying.stop()
    await polite.stop()
    await heard('polite expired')
    expect(said).not.toContain('dying expired')
    await heard('dying expired')
    expect(observer.aliveIdentities()).toEqual(['own'])
    expect(said).not.toContain('own expired')
  })

  test('while the server is away longer than Leases last, nobody is declared dead', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    let failures = 0
    let onFailure = (): void => {}
    const onProblem = (): void => {
      failures += 1
      onFailure()
    }
    await beating(client, 'own', { onProblem })
    const { observer, said, until: heard } = await watching(client)
    await heard('own alive')
    await bench.sim.restart({
      whileDown: async () => {
        // One attempt each 50 ms: the Lease has been over for a while.
        await new Promise<void>((resolve) => {
          onFailure = () => {
            if (failures >= 30) resolve()
          }
        })
      }
    })
    const connected = new Promise((resolve) => observer.informer.onConnectionChange(resolve))
    if (!observer.informer.isConnected) await connected
    await beating(client, 'new')
    await heard('new alive')
    expect([said, observer.verdictOf('own')]).toEqual([['own alive', 'new alive'], 'alive'])
  })
})
