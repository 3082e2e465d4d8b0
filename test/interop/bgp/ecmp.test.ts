import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { type EcmpNode, NODES, Topology } from './ecmp/topology.ts'

const skip = skipReason('sysctl', 'vtysh') !== undefined
const PATIENCE = { timeout: 30_000, interval: 20 } as const
const ALL = NODES.map(({ address }) => address)

describe.skipIf(skip)('three nodes behind an FRR router with equal-cost paths', () => {
  const [first, second, third] = NODES
  let topology: Topology

  beforeAll(async () => {
    topology = await Topology.create()
    for (const node of NODES) await topology.startSpeaker(node)
  })

  afterAll(async () => topology?.close())

  /** When the kernel's table has these next hops. */
  async function reached(addresses: readonly string[]): Promise<void> {
    await expect.poll(async () => topology.nextHops(), PATIENCE).toEqual(addresses)
  }

  /** When a round is over in which every flow got an answer, and these nodes gave them. */
  async function answeredBy(nodes: readonly EcmpNode[]): Promise<void> {
    const answers = nodes.map(({ name }) => ({ node: name }))
    await expect.poll(async () => topology.client.look(), PATIENCE).toMatchObject({ unanswered: 0, answers })
  }

  function tellLogOnFailure(): void {
    onTestFailed(() => {
      process.stderr.write(`${topology.frr.log().slice(-4000)}\n`)
    })
  }

  test('its kernel spreads flows over all three', async () => {
    tellLogOnFailure()
    await reached(ALL)
    topology.client.begin()
    await answeredBy(NODES)
    expect(await topology.client.end()).toMatchObject({ lost: 0 })
  })

  test('a speaker that is killed and started again costs no packet, and its next hop stays', async () => {
    tellLogOnFailure()
    const { address } = nodeOf(third)
    await reached(ALL)
    topology.client.begin()
    await answeredBy(NODES)
    let isDone = false
    let absences = 0
    const watch = (async () => {
      while (!isDone) if (!(await topology.nextHops()).includes(address)) absences += 1
    })()
    await topology.killSpeaker(nodeOf(third))
    await expect
      .poll(async () => topology.frr.paths('203.0.113.7/32'), PATIENCE)
      .toContainEqual(expect.objectContaining({ nextHops: [address], isStale: true }))
    await topology.startSpeaker(nodeOf(third), true)
    await expect.poll(async () => topology.isEstablished(nodeOf(third)), PATIENCE).toBe(true)
    await expect
      .poll(async () => topology.frr.paths('203.0.113.7/32'), PATIENCE)
      .toContainEqual(expect.objectContaining({ nextHops: [address], isStale: false }))
    isDone = true
    await watch
    const { sent, lost } = await topology.client.end()
    expect({ lost, absences }).toEqual({ lost: 0, absences: 0 })
    expect(sent).toBeGreaterThan(100)
  })

  test('a speaker whose session BFD protects ends in order and is started again: no packet lost, its next hop stays', async () => {
    tellLogOnFailure()
    const { address } = nodeOf(second)
    const bfdState = async (): Promise<string | undefined> => topology.frr.bfdState(address)
    await expect.poll(bfdState, PATIENCE).toBe('up')
    topology.client.begin()
    await answeredBy(NODES)
    let isDone = false
    let absences = 0
    const watch = (async () => {
      while (!isDone) if (!(await topology.nextHops()).includes(address)) absences += 1
    })()
    await topology.endSpeaker(nodeOf(second))
    await expect
      .poll(async () => topology.frr.paths('203.0.113.7/32'), PATIENCE)
      .toContainEqual(expect.objectContaining({ nextHops: [address], isStale: true }))
    // The router has been told, or found out, that this session is over before there is another.
    await expect.poll(bfdState, PATIENCE).toBe('down')
    await topology.startSpeaker(nodeOf(second), true)
    await expect
      .poll(async () => topology.frr.paths('203.0.113.7/32'), PATIENCE)
      .toContainEqual(expect.objectContaining({ nextHops: [address], isStale: false }))
    await expect.poll(bfdState, PATIENCE).toBe('up')
    isDone = true
    await watch
    const { lost } = await topology.client.end()
    expect({ lost, absences }).toEqual({ lost: 0, absences: 0 })
  })

  test('a node that is cut off leaves the table by BFD, and the others answer its flows', async () => {
    tellLogOnFailure()
    const isUp = async (): Promise<string | undefined> => topology.frr.bfdState(nodeOf(first).address)
    await expect.poll(isUp, PATIENCE).toBe('up')
    topology.client.begin()
    await answeredBy(NODES)
    const beginMs = performance.now()
    await topology.cut(nodeOf(first))
    await reached(ALL.slice(1))
    const tookMs = Math.round(performance.now() - beginMs)
    await answeredBy(NODES.slice(1))
    const { sent, lost } = await topology.client.end()
    process.stderr.write(
      `cut off: its next hop was gone after ${tookMs} ms, ${lost} of ${sent} packets lost\n`
    )
    await topology.mend(nodeOf(first))
    await reached(ALL)
  })
})

function nodeOf(node: EcmpNode | undefined): EcmpNode {
  if (node === undefined) throw new Error('there is no such node')
  return node
}
