import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, Namespace } from '../support/namespace.ts'
import { skipReason } from '../support/requirements.ts'
import { AgentClient } from './agent-client.ts'
import { arpRequest, solicitation, tagged } from './frames.ts'

const skip = skipReason('pcap-config', 'g++', 'make', 'python3') !== undefined
const ROOT = join(import.meta.dirname, '../../..')
const OUR_MAC = '02:00:00:00:00:01'
const PEER_MAC = '02:00:00:00:00:02'
const VIP = '192.0.2.10'
const VIP6 = '2001:db8::10'
const REQUEST = arpRequest(PEER_MAC, '192.0.2.99', VIP)

describe.skipIf(skip)('a libpcap link', () => {
  let ours: Namespace
  let theirs: Namespace
  let link: AgentClient
  let peer: AgentClient

  /** As a host does that gets no answer. */
  async function askUntilHeard(frame: Uint8Array): Promise<void> {
    const asking = setInterval(() => peer.tell({ type: 'send', name: 'p0', frames: [frame] }), 100)
    try {
      await link.next('frame', (heard) => heard.frame.length === frame.length)
    } finally {
      clearInterval(asking)
    }
  }

  beforeAll(async () => {
    const capFrom = execFileSync(process.execPath, [join(ROOT, 'scripts', 'build-cap.mjs')], {
      encoding: 'utf8'
    })
    ours = await Namespace.create()
    theirs = await Namespace.create()
    await connect(
      { namespace: ours, name: 'n0', mac: OUR_MAC },
      { namespace: theirs, name: 'p0', mac: PEER_MAC }
    )
    link = await AgentClient.start(ours, 'cap', capFrom.trim())
    peer = await AgentClient.start(theirs, 'poll')
    await link.interest(['n0'], [VIP], [VIP6])
  }, 180_000)

  afterAll(async () => {
    await ours.close()
    await theirs.close()
  })

  test('frames for us are heard, the others not, and ours are sent', async () => {
    await askUntilHeard(REQUEST)
    await askUntilHeard(solicitation(PEER_MAC, 'fe80::2', VIP6))
    await peer.send('p0', arpRequest(PEER_MAC, '192.0.2.98', '192.0.2.11'), tagged(REQUEST, 42))
    const mark = arpRequest(PEER_MAC, '192.0.2.123', VIP)
    await peer.send('p0', mark)
    await link.next('frame', ({ frame }) => frame[31] === 123)
    const others = link.waiting('frame')
    for (let i = 0; i < others; i += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { frame } = await link.next('frame')
      expect([REQUEST.length, 86]).toContain(frame.length)
      expect(frame[31]).not.toBe(98)
    }
    await peer.interest(['p0'], ['192.0.2.55'])
    expect(await link.send('n0', arpRequest(OUR_MAC, VIP, '192.0.2.55'))).toEqual(['sent'])
    await peer.next('frame')
  })

  test('when the interface goes down its child is aborted, nothing else is, and answers resume when it is up', async () => {
    const before = await link.counters()
    expect(before.processIds).toHaveLength(1)
    await ours.ip('link set n0 down')
    const { message } = await link.next('fault')
    expect(message).toMatch(/SIGABRT|status/)
    expect(await link.send('n0', REQUEST)).toEqual(['interface-down'])
    await ours.ip('link set n0 up')
    await askUntilHeard(REQUEST)
    const after = await link.counters()
    expect(after.restarts).toBeGreaterThan(before.restarts)
    expect(after.processIds).not.toEqual(before.processIds)
  })

  test('a child that is killed is replaced', async () => {
    const [pid = 0] = (await link.counters()).processIds
    process.kill(pid, 'SIGKILL')
    await link.next('fault', ({ message }) => message.includes('SIGKILL'))
    await askUntilHeard(REQUEST)
    const { processIds } = await link.counters()
    expect(processIds).toHaveLength(1)
    expect(processIds).not.toContain(pid)
  })

  test('an interface that is deleted and made again is captured again', async () => {
    await ours.ip('link del n0')
    await link.next('interfaces', ({ removed }) => removed.includes('n0'))
    await connect(
      { namespace: ours, name: 'n0', mac: OUR_MAC },
      { namespace: theirs, name: 'p0', mac: PEER_MAC }
    )
    await link.next('interfaces', ({ interfaces }) =>
      interfaces.some(({ name, isUp }) => name === 'n0' && isUp)
    )
    await link.interest(['n0'], [VIP])
    await askUntilHeard(REQUEST)
    expect((await link.counters()).processIds).toHaveLength(1)
  })
})
