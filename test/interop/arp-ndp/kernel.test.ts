import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { FAMILIES, VIP6, VIP6_GROUP } from './addresses.ts'
import { type Host, type Neighbour, PATIENCE } from './host.ts'
import { ResponderClient } from './responder-client.ts'
import { Stage } from './stage.ts'

const skip = skipReason('bash', 'sysctl') !== undefined

let stage: Stage
let node: Host
let client: Host
let responder: ResponderClient

describe.skipIf(skip)('the kernel as a client', () => {
  beforeEach(async () => {
    stage = await Stage.create()
    node = await stage.addHost(1)
    client = await stage.addHost(2)
    responder = await ResponderClient.start(node.namespace)
  })

  afterEach(async () => stage.close())

  describe.each(FAMILIES)('of $family', ({ family, vip }) => {
    /** The client has just resolved the address; nothing was announced. */
    async function resolve(): Promise<void> {
      await responder.wantAnnounced([], vip)
      // A kernel that got no answer in time asks no more until there is something to send again.
      const talk = async (): Promise<Neighbour> => {
        await client.talkTo(vip)
        return client.neighbour(vip)
      }
      await expect.poll(talk, PATIENCE).toMatchObject({ mac: node.mac, state: 'REACHABLE', isRouter: false })
    }

    test('finds our hardware address when it has something to send', async () => {
      await resolve()
      expect(await responder.counters()).toMatchObject({ announced: 0, unwanted: 0 })
    })

    test('is answered when it asks us alone whether we are still there', async () => {
      await resolve()
      const before = await responder.counters()
      await client.setNeighbourState(vip, 'stale')
      expect(await client.neighbour(vip)).toMatchObject({ state: 'STALE' })
      await client.setNeighbourState(vip, 'probe')
      await expect
        .poll(async () => client.neighbour(vip), PATIENCE)
        .toMatchObject({ mac: node.mac, state: 'REACHABLE' })
      const after = await responder.counters()
      expect(after.unicast).toBeGreaterThan(before.unicast)
      expect(after.answered - before.answered).toBe(after.unicast - before.unicast)
    })

    test('confirms an old entry by itself when it is used again', async () => {
      await client.sysctl(`net.${family}.neigh.e0.delay_first_probe_time=0`)
      await resolve()
      await client.setNeighbourState(vip, 'stale')
      await client.talkTo(vip)
      await expect
        .poll(async () => client.neighbour(vip), PATIENCE)
        .toMatchObject({ mac: node.mac, state: 'REACHABLE' })
      expect((await responder.counters()).unicast).toBeGreaterThan(0)
    })

    test('gets no answer for an address that is dropped, and one when it is wanted again', async () => {
      await client.sysctl(`net.${family}.neigh.e0.retrans_time_ms=50`)
      await resolve()
      await responder.drop(vip)
      await client.setNeighbourState(vip, 'probe')
      await expect
        .poll(async () => client.neighbour(vip), PATIENCE)
        .toMatchObject({ mac: undefined, state: 'FAILED' })
      await resolve()
      expect((await responder.counters()).announced).toBe(0)
    })

    test('learns nothing from an announcement of an address that it has no use for', async () => {
      await responder.wantAnnounced([0], vip)
      const other = vip === VIP6 ? '2001:db8::11' : '192.0.2.11'
      await responder.wantAnnounced([], other)
      // Heard after the announcement.
      await client.talkTo(other)
      await expect.poll(async () => client.neighbour(other), PATIENCE).toMatchObject({ state: 'REACHABLE' })
      expect(await client.neighbour(vip)).toMatchObject({ state: 'NONE' })
    })
  })

  test('finds that an IPv6 address is a duplicate when it wants it for itself', async () => {
    // An announcement that comes before the kernel's first question would tell it as well.
    await responder.wantAnnounced([], VIP6)
    await client.sysctl('net.ipv6.conf.e0.accept_dad=1')
    await client.namespace.ip(`addr add ${VIP6}/64 dev e0`)
    await expect
      .poll(async () => client.namespace.ip('-6 addr show dev e0 dadfailed'), PATIENCE)
      .toContain(VIP6)
    expect(await responder.conflict()).toMatchObject({
      kind: 'probe',
      address: VIP6,
      interface: 'e0',
      mac: client.mac
    })
  })

  test('the group of an IPv6 address is joined while the address is wanted, and left when the process dies', async () => {
    expect(await node.groups()).not.toContain(VIP6_GROUP)
    await responder.want(VIP6, '2001:db8:0:1::10')
    expect(await node.groups()).toContain(VIP6_GROUP)
    // Two addresses share it.
    await responder.drop(VIP6)
    expect(await node.groups()).toContain(VIP6_GROUP)
    await responder.drop('2001:db8:0:1::10')
    expect(await node.groups()).not.toContain(VIP6_GROUP)
    await responder.want(VIP6)
    expect(await node.namespace.run('cat', '/proc/net/igmp6')).toContain('ff0200000000000000000001ff000010')
    await responder.kill()
    expect(await node.groups()).not.toContain(VIP6_GROUP)
  })
})
