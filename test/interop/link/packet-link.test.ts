import { MacAddress } from '@clarion-lb/netaddr'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connect, Namespace } from '../support/namespace.ts'
import { skipReason } from '../support/requirements.ts'
import { AgentClient } from './agent-client.ts'
import { arpRequest, solicitation, tagged } from './frames.ts'

const skip = skipReason() !== undefined
const OUR_MAC = '02:00:00:00:00:01'
const PEER_MAC = '02:00:00:00:00:02'
const VIP = '192.0.2.10'
const VIP6 = '2001:db8::10'
const HOST = '192.0.2.99'
const MARK = arpRequest(PEER_MAC, '192.0.2.123', VIP)

let ours: Namespace
let theirs: Namespace
let link: AgentClient
let peer: AgentClient

/** Frames are delivered in order: when the mark is through, so is everything before it that is let through. */
async function afterAllBefore(): Promise<void> {
  await peer.send('p0', MARK)
  await link.next('frame', ({ frame }) => frame[31] === 123)
}

describe.skipIf(skip).each(['poll', 'run'])('a packet link in %s()', (mode) => {
  beforeEach(async () => {
    ours = await Namespace.create()
    theirs = await Namespace.create()
    await connect(
      { namespace: ours, name: 'n0', mac: OUR_MAC },
      { namespace: theirs, name: 'p0', mac: PEER_MAC }
    )
    link = await AgentClient.start(ours, mode)
    peer = await AgentClient.start(theirs, 'poll')
  })

  afterEach(async () => {
    await ours.close()
    await theirs.close()
  })

  test('the kernel lets frames for us through, and wakes nobody for the others', async () => {
    await link.interest(['n0'], [VIP], [VIP6])
    const ask = (target: string): Uint8Array => arpRequest(PEER_MAC, HOST, target)
    for (let i = 0; i < 10; i += 1) {
      // oxlint-disable-next-line no-await-in-loop -- in their order
      await peer.send(
        'p0',
        ...Array.from({ length: 100 }, (_, k) => ask(`198.51.100.${k}`)),
        arpRequest(PEER_MAC, HOST, VIP, MacAddress.parse('02:00:00:00:00:77')),
        tagged(ask(VIP), 42),
        solicitation(PEER_MAC, 'fe80::2', '2001:db8::11'),
        ask(VIP),
        arpRequest(PEER_MAC, VIP, HOST),
        arpRequest(PEER_MAC, HOST, VIP, MacAddress.parse(OUR_MAC)),
        solicitation(PEER_MAC, 'fe80::2', VIP6)
      )
    }
    await afterAllBefore()
    // Two sockets: the mark says nothing about the last solicitation.
    for (let i = 0; i < 10; i += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await link.next('frame', ({ frame }) => frame[12] === 0x86)
    }
    expect(await link.counters()).toMatchObject({ received: 41, unwanted: 0, lost: 0 })
  })

  test('what is wanted can be replaced, and nothing is before', async () => {
    await peer.send('p0', arpRequest(PEER_MAC, HOST, VIP))
    await link.interest(['n0'], ['192.0.2.11', VIP])
    await afterAllBefore()
    await link.interest(['n0'], [VIP])
    await peer.send('p0', arpRequest(PEER_MAC, HOST, '192.0.2.11'))
    await afterAllBefore()
    await link.interest([], [VIP])
    await peer.send('p0', arpRequest(PEER_MAC, HOST, VIP))
    await link.interest(['n0'], [VIP])
    await afterAllBefore()
    expect(await link.counters()).toMatchObject({ received: 3, unwanted: 0 })
  })

  test('one more address among 1,000 is heard at once, and one less is heard no more', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `10.${i >>> 8}.${i & 255}.${(i * 7) % 250}`)
    await link.interest(['n0'], [...many, VIP])
    await link.changeInterest(['192.0.2.11', '198.51.100.7', VIP6], ['10.0.9.63'])
    await peer.send(
      'p0',
      ...['192.0.2.11', '192.0.2.12', '198.51.100.7', '10.0.9.63', '10.0.8.56'].map((target) =>
        arpRequest(PEER_MAC, HOST, target)
      ),
      solicitation(PEER_MAC, 'fe80::2', VIP6)
    )
    await link.next('frame', ({ frame }) => frame[12] === 0x86)
    await afterAllBefore()
    expect(await link.counters()).toMatchObject({ received: 5, lost: 0 })
  })

  test('after a change the kernel soon wakes nobody again for others', async () => {
    await link.interest(['n0'], [VIP])
    await link.changeInterest(['192.0.2.11', '192.0.2.12'], [])
    await link.changeInterest([], ['192.0.2.12'])
    const ask = async (): Promise<number> => {
      await peer.send('p0', arpRequest(PEER_MAC, HOST, '192.0.2.12'))
      await afterAllBefore()
      return (await link.counters()).unwanted
    }
    let before = -1
    let after = await ask()
    while (after > before) {
      before = after
      // oxlint-disable-next-line no-await-in-loop -- until the finest filter is back
      after = await ask()
    }
    await peer.send('p0', arpRequest(PEER_MAC, HOST, '192.0.2.11'))
    await link.next('frame', ({ frame }) => frame[41] === 11)
    expect((await link.counters()).unwanted).toBe(after)
  })

  test('10,000 scattered addresses: all are heard, and what the kernel cannot tell apart is dropped by us', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `10.${i >>> 8}.${i & 255}.${(i * 7) % 250}`)
    await link.interest(['n0'], [...many, VIP])
    const asked = many.filter((_, i) => i % 100 === 0)
    await peer.send('p0', ...asked.map((target) => arpRequest(PEER_MAC, HOST, target)))
    await peer.send('p0', ...asked.map((_, i) => arpRequest(PEER_MAC, HOST, `10.${i}.77.251`)))
    await afterAllBefore()
    expect(await link.counters()).toMatchObject({ received: asked.length + 1, lost: 0 })
  })

  test('it lives through down and up, delete, re-create and rename', async () => {
    await link.interest(['n0'], [VIP])
    await afterAllBefore()

    await ours.ip('link set n0 down')
    await link.next('interfaces', ({ interfaces }) =>
      interfaces.some(({ name, isUp }) => name === 'n0' && !isUp)
    )
    expect(await link.send('n0', MARK)).toEqual(['interface-down'])
    await ours.ip('link set n0 up')
    await link.next('interfaces', ({ interfaces }) =>
      interfaces.some(({ name, hasCarrier }) => name === 'n0' && hasCarrier)
    )
    await afterAllBefore()

    await ours.ip('link set n0 name renamed0')
    await link.next('interfaces', ({ changed }) => changed.includes('renamed0'))
    await afterAllBefore()

    await ours.ip('link del renamed0')
    await link.next('interfaces', ({ removed }) => removed.includes('renamed0'))
    expect(await link.send('renamed0', MARK)).toEqual(['interface-gone'])
    await connect({ namespace: ours, name: 'n0' }, { namespace: theirs, name: 'p0' })
    await link.next('interfaces', ({ interfaces }) =>
      interfaces.some(({ name, isUp }) => name === 'n0' && isUp)
    )
    await peer.next('interfaces', ({ interfaces }) =>
      interfaces.some(({ name, isUp }) => name === 'p0' && isUp)
    )
    await link.interest(['n0'], [VIP])
    await afterAllBefore()
    expect(await link.send('n0', MARK)).toEqual(['sent'])
  })

  test('interfaces and addresses are told as they change', async () => {
    await ours.ip('addr add 192.0.2.1/24 dev n0')
    const withAddress = await link.next('interfaces', ({ interfaces }) =>
      interfaces.some(({ addresses }) => addresses.includes('192.0.2.1/24'))
    )
    expect(withAddress.changed).toContain('n0')
    await ours.ip('link set n0 address 02:00:00:00:00:ee')
    await link.next('interfaces', ({ interfaces }) =>
      interfaces.some(({ mac }) => mac === '02:00:00:00:00:ee')
    )
    await theirs.ip('link set p0 down')
    await link.next('interfaces', ({ interfaces }) =>
      interfaces.some(({ name, isUp, hasCarrier }) => name === 'n0' && isUp && !hasCarrier)
    )
    await ours.ip('link add br0 type bridge')
    expect((await link.next('interfaces', ({ added }) => added.length > 0)).added).toEqual(['br0'])
    await ours.ip('link set n0 master br0')
    await ours.ip('link set n0 nomaster')
    await ours.ip('link del br0')
    expect((await link.next('interfaces', ({ removed }) => removed.length > 0)).removed).toEqual(['br0'])
  })

  test('groups are joined as often as asked for, beyond what one socket holds', async () => {
    const groups = Array.from({ length: 3000 }, (_, i) => `ff02::1:ffaa:${i.toString(16)}`)
    link.tell({ type: 'groups', name: 'n0', join: true, groups: [...groups, ...groups] })
    link.tell({ type: 'groups', name: 'n0', join: false, groups })
    await link.sync()
    const joined = async (): Promise<number> =>
      (await ours.ip('-6 maddr show dev n0')).split('ff02::1:ffaa:').length - 1
    expect(await joined()).toBe(3000)
    link.tell({ type: 'groups', name: 'n0', join: false, groups })
    await link.sync()
    expect(await joined()).toBe(0)
  })
})
