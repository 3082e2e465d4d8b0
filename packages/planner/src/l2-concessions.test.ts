import { describe, expect, test } from 'vitest'
import { decideL2 } from './index.ts'
import { ABC, announcerOf, READY, snapshotOf, type World } from './test-election.ts'
import { serviceOf } from './test-objects.ts'

describe('a node in maintenance', () => {
  const addresses = Array.from({ length: 200 }, (_, i) => `10.0.0.${i}`)
  const heldBy = (node: string, world: World): readonly string[] =>
    addresses.filter((address) => announcerOf(world, address) === node)

  test.each([0.25, 0.5, 0.75])('gives up about %d of its addresses, and others none', (share) => {
    const before = heldBy('node-a', { nodes: ABC })
    const left = heldBy('node-a', { nodes: ABC, yielded: { 'node-a': share } })
    expect(left.length / before.length).toBeGreaterThan(1 - share - 0.15)
    expect(left.length / before.length).toBeLessThan(1 - share + 0.15)
    expect(before).toEqual(expect.arrayContaining([...left]))
    expect(heldBy('node-b', { nodes: ABC, yielded: { 'node-a': share } })).toEqual(
      expect.arrayContaining([...heldBy('node-b', { nodes: ABC })])
    )
  })

  test('gives up what it gave up before, when it gives up more', () => {
    const left = [0.2, 0.4, 0.6, 0.8, 1].map((share) =>
      heldBy('node-a', { nodes: ABC, yielded: { 'node-a': share } })
    )
    for (const [i, one] of left.slice(1).entries()) expect(left[i]).toEqual(expect.arrayContaining([...one]))
    expect(left.at(-1)).toEqual([])
  })

  test('comes last, even before preference', () => {
    const preferredNodeSelectors = [{ weight: 100, preference: { matchLabels: { name: 'node-a' } } }]
    const world = { nodes: ABC, advertisements: [{ preferredNodeSelectors }], yielded: { 'node-a': 1 } }
    expect(announcerOf(world, '10.0.0.1')).not.toBe('node-a')
  })

  test('says so, whether it announces or not', () => {
    const decide = (yielded: Readonly<Record<string, number>>): string =>
      decideL2(
        'node-a',
        serviceOf('a', { ingress: ['192.168.1.240'] }),
        READY,
        snapshotOf({ nodes: ABC, yielded })
      ).because
    expect(decide({ 'node-a': 1 })).toContain(
      'maintenance (annotation clarion.io/maintenance), and node node-c'
    )
    expect(decide({ 'node-a': 1, 'node-b': 1, 'node-c': 1 })).toContain('nobody else can')
  })
})

describe('a node that has lost interfaces', () => {
  const LAN = '192.168.1.240'
  const decide = (world: Omit<World, 'nodes'>) =>
    decideL2('node-a', serviceOf('a', { ingress: [LAN] }), READY, snapshotOf({ ...world, nodes: ABC }))
  const onLan = [{ interfaces: ['eth1', 'eth2'] }]

  test('comes last where it has lost all that it is to announce on, and says so', () => {
    const decision = decide({ advertisements: onLan, lost: { 'node-a': ['eth2', 'eth1', 'eth9'] } })
    expect(decision).toMatchObject({ outcome: 'standby', announcer: 'node-c' })
    expect(decision.candidates.at(-1)).toBe('node-a')
    expect(decision.because).toBe(
      'this node has lost its interfaces (eth1, eth2), and node node-c is the first of the candidates'
    )
  })

  test.each([
    ['has one left', { advertisements: onLan, lost: { 'node-a': ['eth1'] } }],
    ['is to announce on all', { advertisements: [...onLan, {}], lost: { 'node-a': ['eth1', 'eth2'] } }],
    [
      'is not meant by the one that names them',
      {
        advertisements: [
          { interfaces: ['eth1'], nodeSelectors: [{ matchLabels: { name: 'node-c' } }] },
          { interfaces: ['eth2'], nodeSelectors: [{ matchLabels: { name: 'node-a' } }] }
        ],
        lost: { 'node-a': ['eth1'] }
      }
    ]
  ])('goes on where it %s', (_why, world) => {
    expect(decide(world)).toMatchObject({ outcome: 'announce' })
  })

  test('comes even after one in maintenance, and has it if all have lost theirs', () => {
    const yielded = { 'node-c': 1, 'node-b': 1 }
    const lost = { 'node-a': ['eth1', 'eth2'] }
    expect(decide({ advertisements: onLan, yielded, lost }).announcer).not.toBe('node-a')
    const all = Object.fromEntries(ABC.map((name) => [name, ['eth1', 'eth2']]))
    const decision = decide({ advertisements: onLan, lost: all })
    expect(decision.outcome).toBe('announce')
    expect(decision.because).toContain('though it has lost its interfaces (eth1, eth2): nobody else can')
  })
})

describe("beside MetalLB's speakers", () => {
  const LAN = '192.168.1.240'
  const onlyA = { nodeSelectors: [{ matchLabels: { name: 'node-a' } }] }
  const decide = (world: Omit<World, 'nodes'>, spec: object = {}) =>
    decideL2('node-a', serviceOf('a', { ingress: [LAN], spec }), READY, snapshotOf({ ...world, nodes: ABC }))

  test('what one of them can announce is left to it, and the pod and the remedy are named', () => {
    const members = ['node-a', 'node-b']
    const decision = decide({ members, rivals: ['node-c'] })
    expect(decision).toMatchObject({ outcome: 'withhold', reason: 'besideMetalLB', candidates: [] })
    expect(decision.because).toContain('pod speaker-x7k2p on node node-c')
  })

  test('what none of them can announce is announced', () => {
    expect(decide({ rivals: ['node-c'], advertisements: [onlyA] })).toMatchObject({ outcome: 'announce' })
    // The one endpoint is on node-a.
    expect(decide({ rivals: ['node-c'] }, { externalTrafficPolicy: 'Local' })).toMatchObject({
      outcome: 'announce'
    })
  })
})
