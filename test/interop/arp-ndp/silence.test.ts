import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { VIP, VIP6 } from './addresses.ts'
import { type Host, PATIENCE } from './host.ts'
import { ResponderClient } from './responder-client.ts'
import { Stage } from './stage.ts'

const skip = skipReason('bash', 'arping', 'ndisc6') !== undefined

let stage: Stage
let node: Host
let client: Host
let responder: ResponderClient

describe.skipIf(skip)('a responder', () => {
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
      // Without `-i` it would give up after a second.
      mark: `arping -c 1 -I e0 -i 10 -w 10 ${VIP}`
    },
    {
      family: 'ipv6',
      // All in the solicited-node group of ours.
      others: Array.from({ length: 100 }, (_, i) => `2001:db8::${i + 100}:0:10`),
      mark: `ndisc6 -n -q -r 1 -w 10000 ${VIP6} e0`
    }
  ])('sleeps while a client looks for 100 others ($family)', async ({ others, mark }) => {
    const before = { ...(await responder.counters()), frames: await node.framesIn() }
    await client.talkTo(...others)
    await expect.poll(async () => (await node.framesIn()) - before.frames, PATIENCE).toBeGreaterThan(99)
    const marked = await client.attempt(mark)
    expect(marked.status).toBe(0)
    const after = await responder.counters()
    expect(after.received - before.received).toBe(1)
    expect(after).toMatchObject({ unwanted: 0, lost: 0 })
  })
})
