import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { FAMILIES, VIP, VIP6, VIP6_GROUP } from './addresses.ts'
import { type Host, PATIENCE } from './host.ts'
import { ResponderClient } from './responder-client.ts'
import { Stage } from './stage.ts'

const skip = skipReason('bash', 'arping', 'ndisc6') !== undefined
const OTHER_MAC = '02:00:00:00:00:77'

let stage: Stage
let node: Host
let client: Host
let responder: ResponderClient

/** Who answers, for each address. Asked by hand, so that what the client's kernel remembers plays no part. */
async function answers(): Promise<readonly (string | undefined)[]> {
  const ipv4 = await client.attempt(`arping -f -w 10 -I e0 ${VIP}`)
  const ipv6 = await client.attempt(`ndisc6 -n -q -r 10 ${VIP6} e0`)
  return [/\[(.*)\]/.exec(ipv4.output)?.[1], ipv6.output.trim()].map((mac) => mac?.toLowerCase())
}

describe.skipIf(skip)('an interface', () => {
  beforeEach(async () => {
    stage = await Stage.create()
    node = await stage.addHost(1)
    client = await stage.addHost(2)
    responder = await ResponderClient.start(node.namespace)
    await responder.wantAnnounced([], VIP, VIP6)
  })

  afterEach(async () => stage.close())

  test('that goes down and up goes on answering', async () => {
    await node.namespace.ip('link set e0 down')
    await responder.leaves('e0')
    await node.namespace.ip('link set e0 up')
    await responder.answersOn({ name: 'e0' })
    expect(await answers()).toEqual([node.mac, node.mac])
    expect(await node.groups()).toContain(VIP6_GROUP)
  })

  test('that loses its cable and gets it back goes on answering, and announces', async () => {
    await stage.pullCable(node)
    await responder.answersOn({ name: 'e0', hasCarrier: false })
    await stage.plugCable(node)
    await responder.answersOn({ name: 'e0', hasCarrier: true })
    expect(await answers()).toEqual([node.mac, node.mac])
    await expect.poll(async () => (await responder.counters()).announced, PATIENCE).toBeGreaterThan(0)
  })

  test('that is deleted and made again goes on answering, with its new hardware address', async () => {
    await node.namespace.ip('link del e0')
    await responder.leaves('e0')
    await stage.plugIn(node, OTHER_MAC)
    await responder.answersOn({ name: 'e0', mac: OTHER_MAC })
    expect(await answers()).toEqual([OTHER_MAC, OTHER_MAC])
    expect(await node.groups()).toContain(VIP6_GROUP)
  })

  test('that is renamed goes on answering', async () => {
    await node.namespace.ip('link set e0 name renamed0')
    await responder.answersOn({ name: 'renamed0' })
    expect(await answers()).toEqual([node.mac, node.mac])
    await node.namespace.ip('link set renamed0 down')
    await responder.leaves('renamed0')
    await node.namespace.ip('link set renamed0 name e0')
    await node.namespace.ip('link set e0 up')
    await responder.answersOn({ name: 'e0' })
    expect(await answers()).toEqual([node.mac, node.mac])
  })

  test('that changes its hardware address answers with the new one', async () => {
    await node.namespace.ip(`link set e0 address ${OTHER_MAC}`)
    await responder.answersOn({ name: 'e0', mac: OTHER_MAC })
    expect(await answers()).toEqual([OTHER_MAC, OTHER_MAC])
  })

  test.each(FAMILIES)(
    'that changes its hardware address moves the entries of clients ($family)',
    async ({ vip }) => {
      await client.talkTo(vip)
      await expect
        .poll(async () => client.neighbour(vip), PATIENCE)
        .toMatchObject({ mac: node.mac, state: 'REACHABLE' })
      await node.namespace.ip(`link set e0 address ${OTHER_MAC}`)
      await expect.poll(async () => client.neighbour(vip), PATIENCE).toMatchObject({ mac: OTHER_MAC })
    }
  )

  test('that is added is answered on, and one that joins a bridge is not: the bridge is', async () => {
    await node.namespace.ip('link add br0 address 02:00:00:00:00:88 type bridge mcast_snooping 0')
    await node.namespace.ip('link set e0 master br0')
    await responder.leaves('e0')
    await node.namespace.ip('link set br0 up')
    await responder.answersOn({ name: 'br0' })
    expect(await answers()).toEqual(['02:00:00:00:00:88', '02:00:00:00:00:88'])
    expect(await node.groups('br0')).toContain(VIP6_GROUP)
    await node.namespace.ip('link del br0')
    await responder.answersOn({ name: 'e0' })
    expect(await answers()).toEqual([node.mac, node.mac])
  })
})
