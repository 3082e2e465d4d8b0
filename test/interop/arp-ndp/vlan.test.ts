import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AgentClient } from '../link/agent-client.ts'
import { arpRequest, solicitation, tagged } from '../link/frames.ts'
import { skipReason } from '../support/requirements.ts'
import { VIP, VIP6 } from './addresses.ts'
import { type Host, PATIENCE } from './host.ts'
import { ResponderClient } from './responder-client.ts'
import { Stage } from './stage.ts'

const skip = skipReason('sysctl') !== undefined
const CLIENT_MAC = '02:00:00:00:00:02'
const QUESTIONS = [
  { family: 'ipv4', question: arpRequest(CLIENT_MAC, '192.0.2.2', VIP) },
  { family: 'ipv6', question: solicitation(CLIENT_MAC, '2001:db8::2', VIP6) }
]

let stage: Stage
let node: Host
let responder: ResponderClient
/** Asks by hand: not every kernel has VLAN interfaces. */
let asker: AgentClient

/** Hardware addresses of the next frame that the asker gets. */
async function nextAnswer(): Promise<string> {
  const { frame } = await asker.next('frame')
  return Buffer.from(frame.subarray(0, 12)).toString('hex')
}

describe.skipIf(skip).each(QUESTIONS)('a question with a VLAN tag ($family)', ({ question }) => {
  beforeEach(async () => {
    stage = await Stage.create()
    node = await stage.addHost(1)
    const client = await stage.addHost(2)
    responder = await ResponderClient.start(node.namespace)
    await responder.wantAnnounced([], VIP, VIP6)
    asker = await AgentClient.start(client.namespace, 'poll')
    await asker.interest(['e0'], [VIP], [VIP6])
  })

  afterEach(async () => stage.close())

  test('gets no answer, and wakes nobody', async () => {
    const before = await node.framesIn()
    const tags = [1, 42, 4094]
    const sent = await asker.send('e0', ...tags.map((vlanId) => tagged(question, vlanId)))
    expect(sent).toEqual(['sent', 'sent', 'sent'])
    await expect.poll(async () => (await node.framesIn()) - before, PATIENCE).toBeGreaterThan(2)
    // The same question without a tag is answered, and it alone.
    await asker.send('e0', question)
    expect(await nextAnswer()).toBe('020000000002020000000001')
    expect(await responder.counters()).toMatchObject({ received: 1, unwanted: 0, answered: 1 })
    expect(asker.waiting('frame')).toBe(0)
  })

  test('of VLAN 0 is answered, as the kernel does: the tag tells a priority only (IEEE 802.1Q)', async () => {
    await asker.send('e0', tagged(question, 0))
    expect(await nextAnswer()).toBe('020000000002020000000001')
  })
})
