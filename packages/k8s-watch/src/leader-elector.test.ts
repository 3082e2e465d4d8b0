import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Fate, GOOD, LeaseServer } from '../test/lease-server.ts'
import { LeaderElector, type LeaderElectorOptions } from './leader-elector.ts'
import { LEASES } from './resource.ts'

const LEASE = { namespace: 'metallb-system', name: 'controller' } as const
const NEVER: Fate = { ...GOOD, outcome: 'lost on the way' }

class Candidate {
  readonly elector: LeaderElector
  readonly heard: string[] = []

  constructor(server: LeaseServer, identity: string, options: Partial<LeaderElectorOptions> = {}) {
    const client = server.client(identity)
    this.elector = new LeaderElector({ client, lease: LEASE, identity, random: () => 0, ...options })
    this.elector.onChange((change) => {
      if (change.type === 'observed') this.heard.push(`observed ${change.leader}`)
      else this.heard.push(change.type === 'stopped' ? `stopped: ${change.reason}` : change.type)
    })
  }
}

/** Ends candidates; what they still send needs some time. */
async function stop(...candidates: readonly Candidate[]): Promise<void> {
  const stopping = Promise.all(candidates.map(({ elector }) => elector.stop()))
  await pass(1000)
  await stopping
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('LeaderElector', () => {
  test('one leads, the other knows who; the Lease says what client-go writes', async () => {
    const server = new LeaseServer()
    const [a, b] = [new Candidate(server, 'a'), new Candidate(server, 'b')]
    a.elector.start()
    await pass(100)
    b.elector.start()
    await pass(60_000)
    expect([a.elector.isLeader(), b.elector.isLeader(), b.elector.leader]).toEqual([true, false, 'a'])
    expect([a.heard, b.heard]).toEqual([['observed a', 'started'], ['observed a']])
    expect(server.lease).toMatchObject({
      metadata: LEASE,
      spec: { holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 }
    })
    expect(server.lease?.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    await stop(a, b)
  })

  test('whoever stops gives the Lease back, and the next leads at its next look', async () => {
    const server = new LeaseServer()
    const [a, b] = [new Candidate(server, 'a'), new Candidate(server, 'b')]
    a.elector.start()
    await pass(100)
    b.elector.start()
    await pass(5000)
    await stop(a)
    expect([a.elector.isLeader(), a.heard.at(-1), server.holder]).toEqual([false, 'stopped: stop', ''])
    await pass(2100)
    expect([b.elector.isLeader(), server.lease?.spec?.leaseTransitions]).toEqual([true, 1])
    await stop(b)
  })

  test('a holder that dies is succeeded after its duration, not before', async () => {
    const server = new LeaseServer()
    const [a, b] = [new Candidate(server, 'a', { releaseOnStop: false }), new Candidate(server, 'b')]
    a.elector.start()
    await pass(100)
    b.elector.start()
    await pass(10_000)
    await stop(a)
    await pass(12_000)
    expect([b.elector.isLeader(), server.holder]).toEqual([false, 'a'])
    await pass(8000)
    expect(b.elector.isLeader()).toBe(true)
    await stop(b)
  })

  test('a leader that is cut off stops by itself before its successor begins', async () => {
    const server = new LeaseServer()
    const [a, b] = [new Candidate(server, 'a'), new Candidate(server, 'b')]
    const order: string[] = []
    for (const { elector, heard } of [a, b]) elector.onChange(() => order.push(heard.at(-1) ?? ''))
    a.elector.start()
    await pass(100)
    b.elector.start()
    await pass(10_000)
    order.length = 0
    server.fateOf = (name) => (name === 'a' ? NEVER : GOOD)
    await pass(40_000)
    const facts = order.filter((fact) => fact === 'stopped: deadline' || fact === 'started')
    expect(facts).toEqual(['stopped: deadline', 'started'])
    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([false, true])
    server.fateOf = () => GOOD
    await pass(10_000)
    expect([a.elector.leader, b.elector.isLeader()]).toEqual(['b', true])
    await stop(a, b)
  })

  test('leadership counts from the request, for others may count from when it arrived', async () => {
    const server = new LeaseServer()
    const a = new Candidate(server, 'a')
    a.elector.start()
    await pass(100)
    const before = server.requests
    server.fateOf = () => (server.requests === before + 1 ? { ...GOOD, backMs: 7000 } : NEVER)
    // The renewal begins after 2 s, and its answer comes after 7 more.
    await pass(2000 + 7000 + 2000)
    expect([a.elector.isLeader(), a.heard.at(-1)]).toEqual([true, 'started'])
    await pass(1000)
    expect([a.elector.isLeader(), a.heard.includes('stopped: deadline')]).toEqual([false, true])
    await stop(a)
  })

  test('a process that was stopped does not lead when it wakes, though no timer has run yet', async () => {
    const server = new LeaseServer()
    const a = new Candidate(server, 'a')
    a.elector.start()
    await pass(5000)
    expect(a.elector.isLeader()).toBe(true)
    const wokenAt = performance.now() + 60_000
    vi.spyOn(performance, 'now').mockReturnValue(wokenAt)
    expect([a.elector.isLeader(), a.heard.includes('stopped: deadline')]).toEqual([false, false])
    vi.restoreAllMocks()
    await stop(a)
  })

  test('a request that fails costs no leadership while there is time for others', async () => {
    const server = new LeaseServer()
    const a = new Candidate(server, 'a', { renewDeadlineMs: 10_000 })
    a.elector.start()
    await pass(1000)
    let isLost = true
    server.fateOf = () => {
      const fate: Fate = isLost ? { ...GOOD, outcome: 'refused' } : GOOD
      isLost = false
      return fate
    }
    await pass(20_000)
    expect([a.elector.isLeader(), a.heard]).toEqual([true, ['observed a', 'started', 'problem']])
    await stop(a)
  })

  test('stopped while a renewal is under way that is stored, it still gives the Lease back', async () => {
    const server = new LeaseServer()
    const a = new Candidate(server, 'a')
    a.elector.start()
    await pass(100)
    server.fateOf = () => ({ thereMs: 1, backMs: 50, outcome: 'answered' })
    // The renewal has arrived; its answer has not.
    await pass(1920)
    await stop(a)
    expect([server.holder, a.heard.at(-1)]).toEqual(['', 'stopped: stop'])
  })

  test('the echo of an own request whose answer was lost is no conflict with somebody else', async () => {
    const server = new LeaseServer()
    const a = new Candidate(server, 'a')
    a.elector.start()
    await pass(100)
    server.fateOf = () => ({ ...GOOD, outcome: 'answer lost' })
    await pass(2000)
    server.fateOf = () => GOOD
    await pass(30_000)
    expect(a.heard.filter((fact) => fact.startsWith('stopped: taken'))).toEqual([])
    expect([a.elector.isLeader(), server.lease?.spec?.leaseTransitions]).toEqual([true, 0])
    await stop(a)
  })

  test('a Lease that somebody else took meanwhile is not touched at the end', async () => {
    const server = new LeaseServer()
    const a = new Candidate(server, 'a')
    a.elector.start()
    await pass(100)
    const taken = await taker(server)
    await stop(a)
    expect(server.lease).toEqual(taken)
  })

  test('whoever finds that another holds the Lease leads no more', async () => {
    const server = new LeaseServer()
    const a = new Candidate(server, 'a')
    a.elector.start()
    await pass(100)
    await taker(server)
    await pass(2100)
    expect([a.elector.isLeader(), a.heard.slice(-2)]).toEqual([false, ['observed b', 'stopped: taken']])
    await stop(a)
  })

  test('a candidate that comes back with its identity leads at once', async () => {
    const server = new LeaseServer()
    const first = new Candidate(server, 'a', { releaseOnStop: false })
    first.elector.start()
    await pass(100)
    await stop(first)
    const second = new Candidate(server, 'a')
    second.elector.start()
    await pass(100)
    expect([second.elector.isLeader(), server.lease?.spec?.leaseTransitions]).toEqual([true, 0])
    await stop(second)
  })

  test('a Lease that is deleted is made again by its leader', async () => {
    const server = new LeaseServer()
    const a = new Candidate(server, 'a')
    a.elector.start()
    await pass(100)
    server.lease = undefined
    await pass(2100)
    expect([a.elector.isLeader(), server.holder, a.heard]).toEqual([true, 'a', ['observed a', 'started']])
    await stop(a)
  })

  test('it asks about as often as it was told, and leaves no timer behind', async () => {
    const server = new LeaseServer()
    const a = new Candidate(server, 'a', { retryPeriodMs: 1000 })
    a.elector.start()
    await pass(100)
    const before = server.requests
    await pass(60_000)
    expect(server.requests - before).toBeGreaterThan(55)
    expect(server.requests - before).toBeLessThanOrEqual(60)
    await stop(a)
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([
    { leaseDurationMs: 10_000, renewDeadlineMs: 10_000 },
    { renewDeadlineMs: 2000, retryPeriodMs: 2000 }
  ])('times that could make two leaders are refused: %o', (times) => {
    expect(() => new Candidate(new LeaseServer(), 'a', times)).toThrow(RangeError)
  })

  test('whatever the network does, never do two lead at once, and when it heals one does', async () => {
    const fate: fc.Arbitrary<Fate> = fc.record({
      thereMs: fc.constantFrom(1, 1, 50, 3000, 20_000),
      backMs: fc.constantFrom(1, 1, 50, 3000, 20_000),
      outcome: fc.constantFrom(
        'answered',
        'answered',
        'answered',
        'lost on the way',
        'answer lost',
        'refused'
      )
    })
    const property = fc.asyncProperty(fc.array(fate, { minLength: 10, maxLength: 40 }), rivalry)
    await expect(fc.assert(property, { numRuns: 30, endOnFailure: true })).resolves.toBeUndefined()
  }, 30_000)
})

async function rivalry(fates: readonly Fate[]): Promise<void> {
  const server = new LeaseServer()
  let next = 0
  server.fateOf = () => fates[next++ % fates.length] ?? GOOD
  const candidates = ['a', 'b', 'c'].map((name) => new Candidate(server, name))
  const leaders = (): number => candidates.filter(({ elector }) => elector.isLeader()).length
  let most = 0
  const look = (): void => {
    most = Math.max(most, leaders())
  }
  for (const { elector } of candidates) {
    elector.onChange(look)
    elector.start()
  }
  for (let step = 0; step < 400; step += 1) {
    await pass(250)
    look()
  }
  server.fateOf = () => GOOD
  await pass(60_000)
  const atTheEnd = leaders()
  await stop(...candidates)
  expect([most <= 1, atTheEnd, server.holder]).toEqual([true, 1, ''])
}

/** Takes the Lease as nobody may: while another leads. */
async function taker(server: LeaseServer): Promise<LeaseServer['lease']> {
  const { lease } = server
  if (lease === undefined) throw new TypeError('no Lease')
  const taking = server.client('b').update(LEASES, { ...lease, spec: { ...lease.spec, holderIdentity: 'b' } })
  await pass(10)
  return taking
}
