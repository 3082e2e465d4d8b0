import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { VIP, VIP6 } from './addresses.ts'
import type { Host } from './host.ts'
import { ResponderClient } from './responder-client.ts'
import { Stage } from './stage.ts'

const skip = skipReason('arping', 'ndisc6') !== undefined
/** Until a tool asks again or gives up, arping whatever its `-w` says: an answer takes less on a busy machine, too. */
const WAIT_S = 4

let stage: Stage
let node: Host
let client: Host
let responder: ResponderClient

describe.skipIf(skip)('the tools', () => {
  beforeEach(async () => {
    stage = await Stage.create()
    node = await stage.addHost(1)
    client = await stage.addHost(2)
    responder = await ResponderClient.start(node.namespace)
    await responder.wantAnnounced([], VIP, VIP6)
  })

  afterEach(async () => stage.close())

  test('arping gets an answer to itself alone, by broadcast first and then by unicast', async () => {
    const { status, output } = await client.attempt(`arping -I e0 -i ${WAIT_S} -c 2 -w 10 ${VIP}`)
    expect(status).toBe(0)
    expect(output).toContain(`Unicast reply from ${VIP} [${node.mac}]`)
    expect(output).toContain('Sent 2 probes (1 broadcast(s))')
    expect(output).toContain('Received 2 response(s)')
    expect(await responder.counters()).toMatchObject({ received: 2, unicast: 1, answered: 2 })
  })

  test('arping that only broadcasts is answered each time', async () => {
    const { output } = await client.attempt(`arping -b -I e0 -i ${WAIT_S} -c 2 -w 10 ${VIP}`)
    expect(output).toContain('Sent 2 probes (2 broadcast(s))')
    expect(output).toContain('Received 2 response(s)')
  })

  test('arping -D reports a duplicate, and none for an address that is free', async () => {
    const taken = await client.attempt(`arping -D -I e0 -i ${WAIT_S} -c 1 -w 10 ${VIP}`)
    expect(taken.output).toContain(`Unicast reply from ${VIP} [${node.mac}]`)
    expect(taken.status).toBe(1)
    const free = await client.attempt('arping -D -I e0 -c 1 -w 1 192.0.2.11')
    expect(free.output).toContain('Received 0 response(s)')
    expect(free.status).toBe(0)
    // A probe claims nothing.
    expect(responder.conflicts).toBe(0)
  })

  test('arping with another sender address is answered', async () => {
    await client.namespace.ip('addr add 198.51.100.7/24 dev e0')
    const { status, output } = await client.attempt(`arping -f -I e0 -w 10 -s 198.51.100.7 ${VIP}`)
    expect(status).toBe(0)
    expect(output).toContain(`[${node.mac}]`)
  })

  test('ndisc6 finds our hardware address, asked from a global and from a link-local address', async () => {
    await client.namespace.ip('addr add fe80::2/64 dev e0 nodad')
    for (const source of ['2001:db8::2', 'fe80::2']) {
      // oxlint-disable-next-line no-await-in-loop -- one question after the other
      const { status, output } = await client.attempt(`ndisc6 -n -q -r 10 -s ${source} ${VIP6} e0`)
      expect(output.trim().toLowerCase()).toBe(node.mac)
      expect(status).toBe(0)
    }
  })

  test('ndisc6 gets one answer and no other, and none for an address that is free', async () => {
    const { output } = await client.attempt(`ndisc6 -n -m -r 1 -w ${WAIT_S * 1000} ${VIP6} e0`)
    expect(output.match(/Target link-layer address/g)).toHaveLength(1)
    expect(output).toContain(`from ${VIP6}`)
    // In the same solicited-node group.
    const other = await client.attempt('ndisc6 -n -r 1 -w 300 2001:db8:0:1::10 e0')
    expect(other.output).toContain('No response')
    expect(other.status).toBe(2)
    expect(await responder.counters()).toMatchObject({ received: 1, unwanted: 0 })
  })
})
