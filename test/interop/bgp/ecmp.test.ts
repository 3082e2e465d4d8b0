import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { type EcmpNode, NODES, Topology } from './ecmp/topology.ts'

const skip = skipReason('sysctl', 'vtysh') !== undefined
const PATIENCE = { timeout: 30_000, interval: 20 } as const
const ALL = NODES.map(({ address }) => address)

describe.skipIf(skip)('three nodes behind an FRR router with equal-cost paths', () => {
  const [first, , third] = NODES
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

  function tellLogOnFailure(): void {
    onTestFailed(() => {
      process.stderr.write(`${topology.frr.log().slice(-4000)}\n`)
    })
  }

  test('its kernel spreads flows over all three', async () => {
    tellLogOnFailure()
    await reached(ALL)
    topology.client.begin()
    await expect.poll(async () => (await topology.client.look()).answers.length, PATIENCE).toBe(NODES.length)
    expect(await topology.client.look()).toMatchObject({ unanswered: 0 })
    expect(await topology.client.end()).toMatchObject({ lost: 0 })
  })

  test('a speaker that is killed and started again costs no packet, and its next hop stays', async () => {
    tellLogOnFailure()
    await reached(ALL)
    topology.client.begin()
    let isDone = false
    const tables = new Set<string>()
    const watch = (async () => {
      while (!isDone) tables.add((await topology.nextHops()).join(' '))
    })()
    await topology.killSpeaker(nodeOf(third))
    await expect
      .poll(async () => topology.frr.paths('203.0.113.7/32'), PATIENCE)
      .toContainEqual(expect.objectContaining({ nextHops: [nodeOf(third).address], isStale: true }))
    await topology.startSpeaker(nodeOf(third), true)
    await expect.poll(async () => topology.isEstablished(nodeOf(third)), PATIENCE).toBe(true)
    await expect
      .poll(async () => topology.frr.paths('203.0.113.7/32'), PATIENCE)
      .toContainEqual(expect.objectContaining({ nextHops: [nodeOf(third).address], isStale: false }))
    isDone = true
    await watch
    const { sent, lost } = await topology.client.end()
    expect({ lost, tables: [...tables] }).toEqual({ lost: 0, tables: [ALL.join(' ')] })
    expect(sent).toBeGreaterThan(1000)
  })

  test('a speaker whose session BFD protects ends in order and is started again: no packet lost, its next hop stays', async () => {
    tellLogOnFailure()
    const { address } = nodeOf(first)
    const bfdState = async (): Promise<string | undefined> => topology.frr.bfdState(address)
    await expect.poll(bfdState, PATIENCE).toBe('up')
    topology.client.begin()
    let isDone = false
    const tables = new Set<string>()
    const watch = (async () => {
      while (!isDone) tables.add((await topology.nextHops()).join(' '))
    })()
    await topology.endSpeaker(nodeOf(first))
    await expect
      .poll(async () => topology.frr.paths('203.0.113.7/32'), PATIENCE)
      .toContainEqual(expect.objectContaining({ nextHops: [address], isStale: true }))
    await topology.startSpeaker(nodeOf(first), true)
    await expect
      .poll(async () => topology.frr.paths('203.0.113.7/32'), PATIENCE)
      .toContainEqual(expect.objectContaining({ nextHops: [address], isStale: false }))
    await expect.poll(bfdState, PATIENCE).toBe('up')
    isDone = true
    await watch
    const { lost } = await topology.client.end()
    expect({ lost, tables: [...tables] }).toEqual({ lost: 0, tables: [ALL.join(' ')] })
  })

  test('a node that is cut off leaves the table by BFD, and the others answer its flows', async () => {
    tellLogOnFailure()
    const isUp = async (): Promise<string | undefined> => topology.frr.bfdState(nodeOf(first).address)
    await expect.poll(isUp, PATIENCE).toBe('up')
    topology.client.begin()
    const beginMs = performance.now()
    await topology.cut(nodeOf(first))
    await reached(ALL.slice(1))
    const tookMs = Math.round(performance.now() - beginMs)
    await expect.poll(async () => topology.client.look(), PATIENCE).toMatchObject({ unanswered: 0 })
    expect((await topology.client.look()).answers.map(({ node }) => node)).toEqual(['node2', 'node3'])
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
