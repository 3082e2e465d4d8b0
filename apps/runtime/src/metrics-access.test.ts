import { type KubeObject, type ResourceRef } from '@clarion-lb/k8s-watch'
import { describe, expect, test } from 'vitest'
import { TestCluster } from '../test/test-cluster.ts'
import { MetricsAccess } from './metrics-access.ts'

interface Bench {
  readonly cluster: TestCluster
  readonly access: MetricsAccess
  readonly clock: { ms: number }
  /** What was asked of the API server. */
  readonly asked: () => readonly (string | undefined)[]
}

async function start(): Promise<Bench> {
  const cluster = await TestCluster.start({ crds: [] })
  const clock = { ms: 1000 }
  const access = new MetricsAccess({ client: await cluster.client(), now: () => clock.ms })
  return { cluster, access, clock, asked: () => cluster.requests.map(({ resource }) => resource) }
}

const REVIEWS = ['tokenreviews', 'subjectaccessreviews']

describe('MetricsAccess', () => {
  test('without a bearer token nobody is asked', async () => {
    const { access, asked } = await start()
    for (const authorization of [undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer a b'])
      expect(await access.check(authorization)).toBe(401)
    expect(asked()).toEqual([])
  })

  test('a token that the API server does not know is refused', async () => {
    const { access, asked } = await start()
    expect(await access.check('Bearer nonsense')).toBe(401)
    expect(asked()).toEqual(['tokenreviews'])
  })

  test('a token that may get /metrics is let in', async () => {
    const { cluster, access, asked } = await start()
    const token = cluster.sim.createToken('system:serviceaccount:monitoring:prometheus')
    expect(await access.check(`bearer ${token}`)).toBe(200)
    expect(asked()).toEqual(REVIEWS)
  })

  test('who may not is told so, and the question named user, groups, verb and path', async () => {
    const asked: unknown[] = []
    const user = { username: 'eve', uid: 'u1', groups: ['g'], extra: { scopes: ['s'] } }
    const client = {
      create: async <T extends KubeObject>(resource: ResourceRef<T>, object: T): Promise<T> => {
        asked.push([resource.plural, 'spec' in object ? object.spec : undefined])
        const status = resource.plural === 'tokenreviews' ? { authenticated: true, user } : { allowed: false }
        return { ...object, status }
      }
    }
    const access = new MetricsAccess({ client })
    expect(await access.check('Bearer t')).toBe(403)
    const { username, ...others } = user
    expect(asked).toEqual([
      ['tokenreviews', { token: 't' }],
      [
        'subjectaccessreviews',
        { user: username, ...others, nonResourceAttributes: { path: '/metrics', verb: 'get' } }
      ]
    ])
  })

  test('a verdict is remembered for ten seconds, for its token only', async () => {
    const { cluster, access, clock, asked } = await start()
    const [one, two] = [cluster.sim.createToken('one'), cluster.sim.createToken('two')]
    for (let i = 0; i < 3; i += 1) expect(await access.check(`Bearer ${one}`)).toBe(200)
    expect(asked()).toEqual(REVIEWS)
    expect(await access.check(`Bearer ${two}`)).toBe(200)
    expect(asked()).toHaveLength(4)
    cluster.sim.faults.expireTokens(one)
    clock.ms += 9999
    expect(await access.check(`Bearer ${one}`)).toBe(200)
    expect(asked()).toHaveLength(4)
    clock.ms += 1
    expect(await access.check(`Bearer ${one}`)).toBe(401)
    expect(asked()).toHaveLength(5)
  })

  test('many tokens do not fill the memory: the oldest verdict is forgotten', async () => {
    const { access, asked } = await start()
    for (let i = 0; i <= 100; i += 1) await access.check(`Bearer guess-${i}`)
    expect(asked()).toHaveLength(101)
    await access.check('Bearer guess-100')
    expect(asked()).toHaveLength(101)
    await access.check('Bearer guess-0')
    expect(asked()).toHaveLength(102)
  })

  test('an API server that cannot be asked is an error, and not remembered', async () => {
    const { cluster, access } = await start()
    const token = cluster.sim.createToken('one')
    cluster.sim.faults.add({ action: { type: 'status', code: 500 }, times: 1 })
    await expect(access.check(`Bearer ${token}`)).rejects.toMatchObject({ status: 500 })
    expect(await access.check(`Bearer ${token}`)).toBe(200)
  })
})
