import { expect, test } from 'vitest'
import { listOf, VirtualNetwork } from './fixtures/virtual-network.ts'
import type { Liveness } from './liveness.ts'
import { decodeEnvelope } from './sealing.ts'

const IDS = Array.from({ length: 8 }, (_, i) => `m${i}`)

/** The first one is new, and is told by the others at once that the last three are dead. */
function newcomer(): { network: VirtualNetwork; member: Liveness } {
  const network = new VirtualNetwork()
  const members = network.members(...IDS)
  network.run(4000)
  for (const member of members.slice(5)) member.abandon()
  network.run(20_000)
  members[0]?.abandon()
  return { network, member: network.member('m0', 1) }
}

test.each([
  ['ends this member', (member: Liveness) => member.abandon()],
  ['takes them out of the list', (member: Liveness) => member.setMembers(listOf(IDS.slice(0, 5)))]
])('whoever at the first death %s hears of no other one', (_, end) => {
  const { network, member } = newcomer()
  const dead: string[] = []
  member.on('dead', ({ id }) => {
    dead.push(id)
    end(member)
  })
  member.start()
  member.setMembers(listOf(IDS))
  network.run(1500)
  expect(dead).toHaveLength(1)
})

test('a life that a listener begins uses no sequence number twice', () => {
  const network = new VirtualNetwork()
  const [a, b] = network.members('a', 'b', 'c')
  network.run(1000)
  a?.once('dead', () => {
    a.abandon()
    a.start()
  })
  b?.abandon()
  network.run(20_000)
  const nonces = network.sent
    .filter(({ from }) => from === 1)
    .map(({ bytes }) => {
      const { boot, sequence } = decodeEnvelope(bytes)
      return `${boot} ${sequence}`
    })
  expect(new Set(nonces.map((nonce) => nonce.split(' ')[0])).size).toBe(2)
  expect(new Set(nonces).size).toBe(nonces.length)
})

test('keys are copied: the bytes may be wiped after they are given, and the list be emptied', () => {
  const network = new VirtualNetwork()
  const list = listOf(['a', 'b'])
  const secret = (): Uint8Array[] => [new Uint8Array(32).fill(7)]
  const given = secret()
  const [a, b] = [network.member('a', 1, { keys: given }), network.member('b', 2, { keys: secret() })]
  const wipe = (keys: Uint8Array[]): void => {
    for (const key of keys) key.fill(0)
    keys.length = 0
  }
  wipe(given)
  for (const member of [a, b]) member.start()
  for (const member of [a, b]) member.setMembers(list)
  network.run(500)
  expect(a.verdictOf('b')?.standing).toBe('alive')
  a.abandon()
  const replaced = secret()
  a.setKeys(replaced)
  wipe(replaced)
  a.start()
  network.run(500)
  expect(a.verdictOf('b')?.standing).toBe('alive')
})

test('who starts while the farewell goes on is back at once, and can be stopped again', async () => {
  const network = new VirtualNetwork()
  const [a, b] = network.members('a', 'b')
  network.run(1000)
  const told: string[] = []
  b?.on('left', () => told.push('left'))
  b?.on('alive', ({ reason }) => told.push(reason))
  const farewell = a?.stop()
  network.run(5)
  a?.start()
  network.run(500)
  await farewell
  expect([told, b?.verdictOf('a')?.standing]).toEqual([['left', 'restarted'], 'alive'])
  const again = a?.stop()
  network.run(100)
  await again
  expect(b?.verdictOf('a')?.standing).toBe('left')
})

test('who is started in the same breath as it was stopped before it ever was can be stopped', () => {
  const network = new VirtualNetwork()
  const member = network.member('a', 1)
  void member.stop()
  member.start()
  void member.stop()
  network.run(100)
  expect(member.incarnation).toBe(0)
})
