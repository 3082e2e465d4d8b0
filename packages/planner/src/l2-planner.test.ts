import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideL2, L2Planner, PoolIndex, summarizeEndpoints, WantedAddresses } from './index.ts'
import { configOf, serviceOf } from './test-objects.ts'

const NODES = ['node-a', 'node-b', 'node-c']
const nodes = NODES.map((name) => ({ name, labels: { name } }))
const CONFIG = configOf(
  { lan: ['192.168.1.0/24'] },
  { nodes, l2Advertisements: [{ metadata: { name: 'all' }, spec: {} }] }
)
const NAMED = configOf(
  { lan: ['192.168.1.0/24'] },
  { nodes, l2Advertisements: [{ metadata: { name: 'all' }, spec: { interfaces: ['eth1', 'eth2'] } }] }
)
const READY = summarizeEndpoints([{ endpoints: [{ nodeName: 'node-a' }] }])
const view = (name: string) => ({ name, isNetworkUnavailable: false, isExcluded: false })

function plannerOf(node: string): L2Planner {
  const planner = new L2Planner({ node })
  for (const name of NODES) planner.setNode(name, view(name))
  planner.setMembers(new Set(NODES))
  return planner
}

const brief = (changes: ReturnType<L2Planner['setMembers']>): string[] =>
  changes.map(({ key, after }) => `${key} ${after?.outcome ?? 'gone'} ${after?.announcer ?? '-'}`)

test('nothing is decided before there is a configuration; then all is', () => {
  const planner = plannerOf('node-a')
  expect(planner.setService(serviceOf('a', { ingress: ['192.168.1.240'] }), READY)).toEqual([])
  expect(brief(planner.setConfig(CONFIG))).toEqual(['default/a announce node-a'])
  expect(planner.setConfig(CONFIG)).toEqual([])
})

test('a node that leaves moves what it announced, and is no candidate of the rest; back again, it takes that back', () => {
  const planner = plannerOf('node-c')
  planner.setConfig(CONFIG)
  planner.setService(serviceOf('a', { ingress: ['192.168.1.240'] }), READY)
  planner.setService(serviceOf('c', { ingress: ['192.168.1.241'] }), READY)
  const without = ['default/a announce node-c', 'default/c announce node-c']
  expect(brief(planner.setMembers(new Set(['node-b', 'node-c'])))).toEqual(without)
  expect(planner.decisionOf('default/a')?.candidates).toEqual(['node-c', 'node-b'])
  expect(brief(planner.setMembers(new Set(NODES)))).toEqual([
    'default/a standby node-a',
    'default/c announce node-c'
  ])
  expect(planner.decisionOf('default/a')?.candidates).toEqual(['node-a', 'node-c', 'node-b'])
  expect(brief(planner.setNode('node-a', { ...view('node-a'), isExcluded: true }))).toEqual(without)
})

test('a Service that goes is told once', () => {
  const planner = plannerOf('node-a')
  planner.setConfig(CONFIG)
  planner.setService(serviceOf('a', { ingress: ['192.168.1.240'] }), READY)
  expect(brief(planner.removeService('default/a'))).toEqual(['default/a gone -'])
  expect([planner.removeService('default/a'), planner.size]).toEqual([[], 0])
})

test('after any changes in any order the decisions are those made from scratch', () => {
  const member = fc.subarray(NODES)
  const service = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    last: fc.integer({ min: 1, max: 9 })
  })
  const change = fc.oneof(
    fc.record({ members: member }),
    fc.record({ service }),
    fc.record({ removed: fc.constantFrom('default/a', 'default/b') }),
    fc.record({
      node: fc.constantFrom(...NODES),
      isExcluded: fc.boolean(),
      isGone: fc.boolean(),
      yieldedShare: fc.constantFrom(undefined, 0, 0.5, 1),
      rival: fc.constantFrom(undefined, undefined, 'speaker-x'),
      lost: fc.subarray(['eth1', 'eth2'])
    })
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const planner = plannerOf('node-b')
      planner.setConfig(NAMED)
      const known = new Map(NODES.map((name) => [name, view(name)]))
      const services = new Map<string, ReturnType<typeof serviceOf>>()
      let members: ReadonlySet<string> = new Set(NODES)
      for (const one of changes) {
        if ('members' in one) {
          members = new Set(one.members)
          planner.setMembers(members)
        } else if ('service' in one) {
          const object = serviceOf(one.service.name, { ingress: [`192.168.1.${one.service.last}`] })
          services.set(`default/${one.service.name}`, object)
          planner.setService(object, READY)
        } else if ('removed' in one) {
          services.delete(one.removed)
          planner.removeService(one.removed)
        } else {
          const { yieldedShare, isExcluded, rival } = one
          const maintenance =
            yieldedShare === undefined ? undefined : { because: 'drained', yieldedShare, isWithdrawn: false }
          const node = {
            ...view(one.node),
            isExcluded,
            maintenance,
            rival,
            lostInterfaces: new Set(one.lost)
          }
          if (one.isGone) known.delete(one.node)
          else known.set(one.node, node)
          planner.setNode(one.node, one.isGone ? undefined : node)
        }
      }
      const snapshot = {
        pools: new PoolIndex(NAMED.pools),
        nodes: known,
        members,
        ignoreExcludeLabel: false
      }
      for (const [key, object] of services)
        expect(planner.decisionOf(key)).toEqual(decideL2('node-b', object, READY, snapshot))
    })
  )
})

test('an address that several Services want is wanted until the last is gone, on all their interfaces', () => {
  const wanted = new WantedAddresses()
  const announce = (interfaces: string[] | undefined) => decisionWith({ interfaces, candidates: ['node-a'] })
  const set = (key: string, before: string[] | undefined | 'none', after: string[] | undefined | 'none') =>
    wanted.apply([
      {
        key,
        before: before === 'none' ? undefined : announce(before),
        after: after === 'none' ? undefined : announce(after)
      }
    ])
  const address = '192.0.2.1'
  const is = (interfaces: string[] | undefined) => ({
    set: [{ address, interfaces, candidates: ['node-a'] }],
    handOver: [],
    remove: []
  })
  const nothing = { set: [], handOver: [], remove: [] }
  expect(set('a', 'none', ['eth0'])).toEqual(is(['eth0']))
  expect(set('b', 'none', ['eth1'])).toEqual(is(['eth0', 'eth1']))
  expect(set('b', ['eth1'], undefined)).toEqual(is(undefined))
  expect(set('a', ['eth0'], 'none')).toEqual(nothing)
  expect(wanted.servicesOf(address)).toEqual(['b'])
  expect(set('b', undefined, 'none')).toEqual({ ...nothing, remove: [address] })
  expect(wanted.size).toBe(0)
})

test('an address of two Services has the candidates of both, in an order that does not depend on who came first', () => {
  const first = decisionWith({ candidates: ['node-b', 'node-a'] })
  const second = decisionWith({ candidates: ['node-c', 'node-a'] })
  for (const keys of [
    ['a', 'b'],
    ['b', 'a']
  ]) {
    const wanted = new WantedAddresses()
    for (const key of keys) wanted.apply([{ key, before: undefined, after: key === 'a' ? first : second }])
    expect(wanted.all().map(({ candidates }) => candidates)).toEqual([['node-b', 'node-a', 'node-c']])
  }
})

test('an address that this node is no candidate of any more is handed to those that are', () => {
  const wanted = new WantedAddresses()
  const before = decisionWith({ candidates: ['node-a', 'node-b'] })
  wanted.apply([{ key: 'a', before: undefined, after: before }])
  const candidates = ['node-b']
  const because = 'excluded'
  const after = { outcome: 'withhold', reason: 'notOwner', announcer: 'node-b', candidates, because } as const
  expect(wanted.apply([{ key: 'a', before, after }])).toEqual({
    set: [],
    handOver: [{ address: '192.0.2.1', candidates }],
    remove: []
  })
})

test('an address that was handed over is wanted no more when its Service goes, or nobody is a candidate', () => {
  const before = decisionWith({ candidates: ['node-a', 'node-b'] })
  const withheldFor = (...candidates: string[]) =>
    ({ outcome: 'withhold', reason: 'notOwner', announcer: candidates[0], candidates, because: '' }) as const
  const handedOver = withheldFor('node-b')
  const address = '192.0.2.1'
  const nothing = { set: [], handOver: [], remove: [] }
  for (const after of [undefined, withheldFor()]) {
    const wanted = new WantedAddresses()
    wanted.apply([{ key: 'a', before: undefined, after: before }])
    wanted.apply([{ key: 'a', before, after: handedOver }])
    const heirs = withheldFor('node-c')
    expect(wanted.apply([{ key: 'a', before: handedOver, after: heirs }])).toEqual({
      ...nothing,
      handOver: [{ address, candidates: ['node-c'] }]
    })
    expect(wanted.apply([{ key: 'a', before: heirs, after }])).toEqual({ ...nothing, remove: [address] })
    expect(wanted.apply([{ key: 'a', before: after, after: handedOver }])).toEqual(nothing)
  }
})

function decisionWith(more: { readonly interfaces?: string[] | undefined; readonly candidates: string[] }) {
  const addresses = configOf({ lan: ['192.0.2.1/32'] }).pools.flatMap(({ ranges }) =>
    ranges.map(({ first }) => first)
  )
  return {
    outcome: 'announce',
    addresses,
    pool: 'lan',
    interfaces: undefined,
    announcer: 'node-a',
    because: '',
    ...more
  } as const
}
