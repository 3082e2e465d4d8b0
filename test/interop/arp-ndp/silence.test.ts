import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AgentClient } from '../link/agent-client.ts'
import { arpRequest, solicitation, tagged } from '../link/frames.ts'
import { skipReason } from '../support/requirements.ts'
import { VIP, VIP6 } from './addresses.ts'
import { type Host, PATIENCE } from './host.ts'
import { ResponderClient } from './responder-client.ts'
import { Stage } from './stage.ts'

const skip = skipReason('bash', 'arping', 'ndisc6') !== undefined

const CLIENT_MAC = '02:00:00:00:00:02'

let stage: Stage
let node: Host
let client: Host
let responder: ResponderClient

describe.skipIf(skip)('a responder says nothing', () => {
  beforeEach(async () => {
    stage = await Stage.create()
    node = await stage.addHost(1)
    client = await stage.addHost(2)
    responder = await ResponderClient.start(node.namespace)
    await responder.wantAnnounced([], VIP, VIP6)
  })

  afterEach(async () => stage.close())

  test.each([
    {
      family: 'ipv4',
      others: Array.from({ length: 100 }, (_, i) => `192.0.2.${i + 100}`),
      mark: `arping -c 1 -I e0 -w 10 ${VIP}`
    },
    {
      family: 'ipv6',
      // All in the solicited-node group of ours.
      others: Array.from({ length: 100 }, (_, i) => `2001:db8::${i + 100}:0:10`),
      mark: `ndisc6 -n -q -r 1 -w 10000 ${VIP6} e0`
    }
  ])('and is not woken, while a client looks for 100 others ($family)', async ({ others, mark }) => {
    const before = { ...(await responder.counters()), frames: await node.framesIn() }
    await client.talkTo(...others)
    await expect.poll(async () => (await node.framesIn()) - before.frames, PATIENCE).toBeGreaterThan(99)
    const marked = await client.attempt(mark)
    expect(marked.status).toBe(0)
    const after = await responder.counters()
    expect(after.received - before.received).toBe(1)
    expect(after).toMatchObject({ unwanted: 0, lost: 0 })
  })

  // The kernel here may have no VLAN interfaces: the questions are made by hand.
  test.each([
    { family: 'ipv4', question: arpRequest(CLIENT_MAC, '192.0.2.2', VIP) },
    { family: 'ipv6', question: solicitation(CLIENT_MAC, '2001:db8::2', VIP6) }
  ])('to a question with a VLAN tag ($family)', async ({ question }) => {
    const asker = await AgentClient.start(client.namespace, 'poll')
    const before = await node.framesIn()
    const tags = [1, 42, 4094]
    expect(await asker.send('e0', ...tags.map((vlanId) => tagged(question, vlanId)))).toEqual([
      'sent',
      'sent',
      'sent'
    ])
    await expect.poll(async () => (await node.framesIn()) - before, PATIENCE).toBeGreaterThan(2)
    // The same question without a tag is answered, and it alone.
    await asker.interest(['e0'], [VIP], [VIP6])
    await asker.send('e0', question)
    const { frame } = await asker.next('frame')
    expect(Buffer.from(frame.subarray(0, 12)).toString('hex')).toBe('020000000002020000000001')
    expect(await responder.counters()).toMatchObject({ received: 1, unwanted: 0, answered: 1 })
    expect(asker.waiting('frame')).toBe(0)
  })
})
