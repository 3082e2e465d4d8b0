import type { V1Node } from '@clarion-lb/k8s-watch'
import type { NodeView } from '@clarion-lb/planner'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KnownNodes } from './known-nodes.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface Bench {
  readonly nodes: KnownNodes
  /** `name share [rival]`, or `name gone`. */
  readonly told: string[]
  /** The same, in full. */
  readonly views: (NodeView | undefined)[]
  /** What routers were told of this node. */
  readonly graceful: boolean[]
}

function create(onCordon = false): Bench {
  const told: string[] = []
  const views: Bench['views'] = []
  const graceful: boolean[] = []
  const nodes = new KnownNodes({
    node: 'own',
    onCordon,
    onView: (name, view) => {
      views.push(view)
      const share = view?.maintenance?.yieldedShare ?? 0
      told.push(
        [name, view === undefined ? 'gone' : share, view?.rival].filter((one) => one !== undefined).join(' ')
      )
    },
    onGracefulShutdown: (isGraceful) => graceful.push(isGraceful)
  })
  return { nodes, told, views, graceful }
}

function node(name: string, annotations: Readonly<Record<string, string>> = {}): V1Node {
  return { metadata: { name, annotations } }
}

const ASKED = { 'clarion.io/maintenance': 'disk' }

test('a node that comes to be in maintenance gives up all in three seconds', () => {
  const { nodes, told } = create()
  nodes.apply({ type: 'added', object: node('a') })
  nodes.apply({ type: 'updated', object: node('a', ASKED) })
  vi.advanceTimersByTime(3000)
  expect([told.length, told[0], told[1], told.at(-1)]).toEqual([12, 'a 0', 'a 0', 'a 1'])
})

test('a node with the taint of one that is shut down is as fit as before, and gives up one portion after another', () => {
  const { nodes, told, views } = create()
  const key = 'node.kubernetes.io/out-of-service'
  nodes.apply({ type: 'added', object: node('a') })
  nodes.apply({
    type: 'updated',
    object: { ...node('a'), spec: { taints: [{ key, effect: 'NoExecute' }] } }
  })
  const [before, after] = views
  expect(after).toEqual({
    ...before,
    maintenance: { because: `taint ${key}`, yieldedShare: 0, isWithdrawn: false }
  })
  vi.advanceTimersByTime(300)
  expect(told.at(-1)).toBe('a 0.1')
})

test('a change of something else does not delay it', () => {
  const { nodes, told } = create()
  nodes.apply({ type: 'added', object: node('a') })
  nodes.apply({ type: 'updated', object: node('a', ASKED) })
  vi.advanceTimersByTime(299)
  nodes.apply({ type: 'updated', object: node('a', ASKED) })
  vi.advanceTimersByTime(1)
  expect(told.at(-1)).toBe('a 0.1')
})

test('routers are told of the own node alone', () => {
  const { nodes, graceful } = create()
  nodes.apply({ type: 'added', object: node('a', ASKED) })
  nodes.apply({ type: 'added', object: node('own') })
  nodes.apply({ type: 'updated', object: node('own', ASKED) })
  nodes.apply({ type: 'updated', object: node('own') })
  expect(graceful).toEqual([false, true, false])
})

test('a node that is gone leaves no timer behind', () => {
  const { nodes, told } = create()
  nodes.apply({ type: 'added', object: node('a') })
  nodes.apply({ type: 'updated', object: node('a', ASKED) })
  nodes.apply({ type: 'deleted', object: node('a') })
  expect([vi.getTimerCount(), told.at(-1)]).toEqual([0, 'a gone'])
})

test("MetalLB's speakers are noted for nodes that are known and that come to be known", () => {
  const { nodes, told } = create()
  nodes.apply({ type: 'added', object: node('a') })
  nodes.setRivals(
    new Map([
      ['a', 'speaker-x'],
      ['b', 'speaker-y']
    ])
  )
  nodes.apply({ type: 'added', object: node('b') })
  nodes.setRivals(new Map([['b', 'speaker-y']]))
  expect(told).toEqual(['a 0', 'a 0 speaker-x', 'b 0 speaker-y', 'a 0'])
})
