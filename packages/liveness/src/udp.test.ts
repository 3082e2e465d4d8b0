import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { unsupportedReason } from '@clarion-lb/linux-net'
import { type IpAddress, parseIpAddress } from '@clarion-lb/netaddr'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { LivenessDead } from './events.ts'
import { Liveness } from './liveness.ts'
import type { LivenessMember, LivenessOptions } from './options.ts'
import type { LivenessTransport } from './transport.ts'

const KEY = new Uint8Array(32).fill(1)
const OTHER_KEY = new Uint8Array(32).fill(2)
const LOOPBACK = parseIpAddress('127.0.0.1')
/** On a machine that is busy with other tests, members are waited for rather longer than by default. */
const PARAMETERS = { periodMs: 100, silenceMs: 600 }

function start(id: string, options: Partial<LivenessOptions> = {}): Liveness {
  const member = new Liveness({
    id,
    keys: [KEY],
    port: 0,
    localAddress: LOOPBACK,
    parameters: PARAMETERS,
    ...options
  })
  onTestFinished(() => member.abandon())
  member.setMaxListeners(50)
  member.start()
  return member
}

function listOf(members: readonly Liveness[], address: IpAddress = LOOPBACK): readonly LivenessMember[] {
  return members.map(({ id, port }) => ({ id, address, port }))
}

/** Each is told of all; resolves when each holds all others to be alive. */
async function introduce(members: readonly Liveness[], address?: IpAddress): Promise<void> {
  const list = listOf(members, address)
  for (const member of members) member.setMembers(list)
  await Promise.all(
    members.flatMap((member) =>
      members.filter((other) => other !== member).map(async ({ id }) => holds(member, id, 'alive'))
    )
  )
}

async function holds(member: Liveness, id: string, standing: 'alive' | 'dead' | 'left'): Promise<void> {
  while (member.verdictOf(id)?.standing !== standing) {
    const controller = new AbortController()
    const { signal } = controller
    await Promise.race(
      (['alive', 'dead', 'left', 'refuted'] as const).map(async (event) => once(member, event, { signal }))
    )
    controller.abort()
  }
}

async function nextDead(member: Liveness): Promise<LivenessDead> {
  return new Promise((resolve) => {
    member.once('dead', resolve)
  })
}

describe.skipIf(unsupportedReason() !== undefined)(
  `over UDP (${unsupportedReason() ?? 'supported'})`,
  { timeout: 30_000 },
  () => {
    test('five members find each other, and one that leaves has left', async () => {
      const members = ['a', 'b', 'c', 'd', 'e'].map((id) => start(id))
      await introduce(members)
      const [first, ...others] = members
      const left = Promise.all(others.map(async (other) => holds(other, 'a', 'left')))
      await first?.stop()
      await left
      expect(others.map((other) => other.counters?.deaths)).toEqual([0, 0, 0, 0])
      expect(first?.port).toBe(0)
    })

    test.each(['127.0.0.1', '::1'])(
      'a process that ends on %s is found, because its host refuses',
      async (text) => {
        const address = parseIpAddress(text)
        const members = ['a', 'b', 'c'].map((id) => start(id, { localAddress: address }))
        await introduce(members, address)
        const [first, ...others] = members
        const deaths = Promise.all(others.map(nextDead))
        first?.abandon()
        for (const death of await deaths) {
          expect(death.id).toBe('a')
          expect(death.accusers.toSorted()).toEqual(['b', 'c'])
        }
      }
    )

    test('a silent member whose host does not refuse is found, too', async () => {
      const members = ['a', 'b', 'c'].map((id) => start(id))
      await introduce(members)
      const [first, ...others] = members
      const port = first?.port ?? 0
      const deaths = Promise.all(others.map(nextDead))
      first?.abandon()
      // Somebody else has the port, and says nothing.
      const mute = createSocket('udp4').bind(port, '127.0.0.1')
      onTestFinished(() => void mute.close())
      expect((await deaths).map(({ id }) => id)).toEqual(['a', 'a'])
    })

    test('a member that starts again is told of as restarted', async () => {
      const members = ['a', 'b', 'c'].map((id) => start(id))
      await introduce(members)
      const [first, second] = members
      const port = first?.port ?? 0
      const before = second?.verdictOf('a')?.incarnation ?? 0
      const alive = new Promise<{ id: string; reason: string; incarnation: number }>((resolve) =>
        second?.on('alive', (detail) => {
          if (detail.reason === 'restarted') resolve(detail)
        })
      )
      first?.abandon()
      const again = start('a', { port })
      again.setMembers([...listOf(members.slice(1)), { id: 'a', address: LOOPBACK, port }])
      const detail = await alive
      expect(detail.id).toBe('a')
      expect(detail.incarnation).toBeGreaterThan(before)
    })

    test('who has another key is heard by nobody, and counted', async () => {
      const parameters = { ...PARAMETERS, joinTimeoutMs: 700 }
      const members = ['a', 'b'].map((id) => start(id, { parameters }))
      const stranger = start('c', { parameters, keys: [OTHER_KEY] })
      const all = [...members, stranger]
      for (const member of all) member.setMembers(listOf(all))
      const dead = await Promise.all(members.map(nextDead))
      expect(dead.map(({ id, reason }) => [id, reason])).toEqual([
        ['c', 'neverHeard'],
        ['c', 'neverHeard']
      ])
      expect(stranger.verdictOf('a')?.standing).not.toBe('alive')
      expect(members[0]?.counters?.unauthenticated).toBeGreaterThan(0)
    })

    test('a key is changed without anybody being suspected', async () => {
      const members = ['a', 'b', 'c'].map((id) => start(id))
      await introduce(members)
      const suspected: string[] = []
      for (const member of members) member.on('suspected', ({ id }) => suspected.push(id))
      for (const keys of [[KEY, OTHER_KEY], [OTHER_KEY, KEY], [OTHER_KEY]])
        for (const member of members) {
          member.setKeys(keys)
          const sent = member.counters?.datagramsSent ?? 0
          while ((member.counters?.datagramsSent ?? 0) < sent + 5) await nextTurn()
        }
      expect(suspected).toEqual([])
      expect(members.map((member) => member.counters?.unauthenticated)).toEqual([0, 0, 0])
    })

    test('datagrams of strangers are counted and change nothing', async () => {
      const members = ['a', 'b'].map((id) => start(id))
      await introduce(members)
      const [first] = members
      const socket = createSocket('udp4')
      onTestFinished(() => void socket.close())
      for (const bytes of [new Uint8Array(1), new Uint8Array(100), new Uint8Array(1400).fill(1)])
        socket.send(bytes, first?.port ?? 0, '127.0.0.1')
      while ((first?.counters?.malformed ?? 0) < 3) await nextTurn()
      expect(first?.verdictOf('b')?.standing).toBe('alive')
    })

    test('a member without an address of its own reaches others by both families', async () => {
      const both = start('a', { localAddress: undefined })
      const six = start('b', { localAddress: parseIpAddress('::1') })
      const four = start('c')
      const list = [
        ...listOf([six], parseIpAddress('::1')),
        ...listOf([four]),
        { id: 'a', address: LOOPBACK, port: both.port }
      ]
      both.setMembers(list)
      four.setMembers(list)
      six.setMembers([{ id: 'a', address: parseIpAddress('::1'), port: both.port }])
      await Promise.all(['b', 'c'].map(async (id) => holds(both, id, 'alive')))
      expect(both.isIsolated).toBe(false)
    })
  }
)

test('a signal stops a member, and what cannot be is refused', async () => {
  const controller = new AbortController()
  const member = new Liveness({ id: 'a', keys: [KEY], port: 0, localAddress: LOOPBACK })
  onTestFinished(() => member.abandon())
  expect(() => new Liveness({ id: 'a', keys: [], port: 0 })).toThrow(
    expect.objectContaining({ field: 'keys' })
  )
  expect(() => member.setMembers([{ id: 'b', address: LOOPBACK, port: 0 }])).toThrow(
    expect.objectContaining({ field: 'members' })
  )
  for (const refused of [{ id: '' }, { id: 'x'.repeat(254) }, { port: 70_000 }, { port: -1 }, { port: 1.5 }])
    expect(() => new Liveness({ id: 'a', keys: [KEY], port: 0, ...refused })).toThrow(
      expect.objectContaining({ reason: 'range', field: Object.keys(refused)[0] })
    )
  expect(() => member.setKeys([new Uint8Array(3)])).toThrow(expect.objectContaining({ field: 'keys' }))
  // From JavaScript, or a message to a thread.
  for (const field of ['id', 'keys'] as const)
    expect(() =>
      Reflect.construct(Liveness, [{ id: 'a', keys: [KEY], port: 0, [field]: undefined }])
    ).toThrow(expect.objectContaining({ reason: 'range', field }))
  const untyped: { setKeys(keys: unknown): void } = member
  expect(() => untyped.setKeys(['a text of some octets'])).toThrow(
    expect.objectContaining({ reason: 'range', field: 'keys' })
  )
  controller.abort()
  member.start(controller.signal)
  expect([member.port, member.incarnation, member.verdictOf('b')]).toEqual([0, 0, undefined])
  await member.stop()
})

test('a list that cannot be is refused before the start, too, and the one before it stays', () => {
  const member = start('a', { transport: silentTransport() })
  member.abandon()
  const [b, c] = ['b', 'c'].map((id) => ({ id, address: LOOPBACK, port: 1 }))
  if (b === undefined || c === undefined) throw new Error('unreachable')
  member.setMembers([b])
  expect(() => member.setMembers([c, c])).toThrow(expect.objectContaining({ reason: 'duplicate' }))
  const untyped: { setMembers(members: unknown): void } = member
  for (const wrong of [
    { id: '' },
    { id: undefined },
    { address: '127.0.0.1' },
    { address: {} },
    { port: '1' }
  ])
    expect(() => untyped.setMembers([{ ...c, ...wrong }])).toThrow(
      expect.objectContaining({ reason: 'range', field: 'members' })
    )
  member.start()
  expect([member.verdictOf('b')?.standing, member.verdictOf('c')]).toEqual(['unknown', undefined])
})

test('a farewell ends the life that says it, and no later one', async () => {
  const member = start('a', { transport: silentTransport() })
  const farewell = member.stop()
  member.abandon()
  member.start()
  await farewell
  expect(member.incarnation).toBeGreaterThan(0)
  // That one can be ended, even while the farewell of the former life is not over.
  const former = member.stop()
  member.abandon()
  member.start()
  await Promise.all([member.stop(), former])
  expect(member.incarnation).toBe(0)
})

function silentTransport(): LivenessTransport {
  return {
    port: 1,
    open: () => undefined,
    send: () => 0,
    probe: () => 0,
    drain: () => undefined,
    close: () => undefined
  }
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 1)
  })
}
