import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { FAMILIES, VIP, VIP6 } from './addresses.ts'
import { type Host, PATIENCE } from './host.ts'
import { ResponderClient } from './responder-client.ts'
import { Stage } from './stage.ts'

const skip = skipReason('bash', 'sysctl', 'arping') !== undefined

let stage: Stage
let nodeA: Host
let nodeB: Host
let client: Host
let a: ResponderClient
let b: ResponderClient

/** The client has a fresh entry with the hardware address of node A. */
async function resolveToA(vip: string): Promise<void> {
  await a.wantAnnounced([], vip)
  await client.talkTo(vip)
  await expect
    .poll(async () => client.neighbour(vip), PATIENCE)
    .toMatchObject({ mac: nodeA.mac, state: 'REACHABLE' })
}

describe.skipIf(skip)('when an address moves to another node', () => {
  beforeEach(async () => {
    stage = await Stage.create()
    nodeA = await stage.addHost(1)
    client = await stage.addHost(2)
    nodeB = await stage.addHost(3)
    a = await ResponderClient.start(nodeA.namespace)
    b = await ResponderClient.start(nodeB.namespace)
  })

  afterEach(async () => stage.close())

  // Linux holds on to an ARP entry for `locktime` after its last change (1 s; 0 for neighbour discovery). An hour makes
  // any entry a young one, 0 an old one, however slow this machine is. In hundredths of a second.
  test.each([
    { age: 'younger than the lock time', family: 'ipv4', vip: VIP, locktime: 360_000 },
    { age: 'older than the lock time', family: 'ipv4', vip: VIP, locktime: 0 },
    { age: 'of any age', family: 'ipv6', vip: VIP6, locktime: 0 }
  ])('an $family entry $age follows the first announcement', async ({ family, vip, locktime }) => {
    await client.sysctl(`net.${family}.neigh.e0.locktime=${locktime}`)
    await resolveToA(vip)
    await a.drop(vip)
    await b.wantAnnounced([0], vip)
    await expect
      .poll(async () => client.neighbour(vip), PATIENCE)
      .toMatchObject({ mac: nodeB.mac, isRouter: false })
    await client.talkTo(vip)
    await client.setNeighbourState(vip, 'probe')
    await expect
      .poll(async () => client.neighbour(vip), PATIENCE)
      .toMatchObject({ mac: nodeB.mac, state: 'REACHABLE' })
  })

  test('the lock is what it is taken for: a young entry does not follow what is no announcement', async () => {
    await client.sysctl('net.ipv4.neigh.e0.locktime=360000')
    await resolveToA(VIP)
    await a.drop(VIP)
    await nodeB.namespace.ip(`addr add ${VIP}/32 dev e0`)
    const askAsVip = async (): Promise<void> => {
      await nodeB.attempt(`arping -c 1 -w 1 -I e0 -s ${VIP} 192.0.2.99`)
      // Heard after it.
      expect((await nodeB.attempt('arping -f -w 10 -I e0 -s 192.0.2.3 192.0.2.2')).status).toBe(0)
    }
    await askAsVip()
    expect(await client.neighbour(VIP)).toMatchObject({ mac: nodeA.mac })
    await client.sysctl('net.ipv4.neigh.e0.locktime=0')
    await askAsVip()
    expect(await client.neighbour(VIP)).toMatchObject({ mac: nodeB.mac })
  })

  test.each(FAMILIES)(
    'the entry of a client that lost the first announcement follows a later one ($family)',
    async ({ vip }) => {
      await resolveToA(vip)
      await a.drop(vip)
      await stage.isolate(client)
      await b.want(vip)
      const lost = await b.counters()
      expect(lost.announced).toBeGreaterThan(0)
      expect(await client.neighbour(vip)).toMatchObject({ mac: nodeA.mac })
      await stage.reach(client)
      await expect.poll(async () => client.neighbour(vip), PATIENCE).toMatchObject({ mac: nodeB.mac })
      expect((await b.counters()).announced).toBeGreaterThan(lost.announced)
    }
  )

  test.each(FAMILIES)('and its node is dead, the entry follows, too ($family)', async ({ vip }) => {
    await resolveToA(vip)
    await a.kill()
    await b.want(vip)
    await expect.poll(async () => client.neighbour(vip), PATIENCE).toMatchObject({ mac: nodeB.mac })
    await client.setNeighbourState(vip, 'probe')
    await expect
      .poll(async () => client.neighbour(vip), PATIENCE)
      .toMatchObject({ mac: nodeB.mac, state: 'REACHABLE' })
  })

  test.each(FAMILIES)(
    'and back at once, the entry does so, too, and nobody calls it a conflict ($family)',
    async ({ vip }) => {
      await resolveToA(vip)
      await a.drop(vip)
      await b.wantAnnounced([0], vip)
      await expect.poll(async () => client.neighbour(vip), PATIENCE).toMatchObject({ mac: nodeB.mac })
      await a.wantAnnounced([0], vip)
      await expect.poll(async () => client.neighbour(vip), PATIENCE).toMatchObject({ mac: nodeA.mac })
      // B has heard the announcement of A before it is asked this, and lets go of the address within the grace period.
      await b.drop(vip)
      await b.counters()
      expect([a.conflicts, b.conflicts]).toEqual([0, 0])
    }
  )
})
