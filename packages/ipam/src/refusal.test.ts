import { describe, expect, test } from 'vitest'
import {
  allocate,
  assign,
  DUAL,
  IPV4,
  IPV6,
  ipamOf,
  outcome,
  PREFER_DUAL,
  pool,
  type Requester,
  sharing,
  tcp
} from '../test/requests.ts'
import type { Admission, AllocationResult, Ipam, RefusalReason, Reservation } from './index.ts'

const blueOnly: Reservation<Requester> = {
  priority: 1,
  admit: (who): Admission =>
    who === 'blue' ? { admits: 'automatic' } : { admits: 'never', because: 'not for namespace "red"' }
}
const onRequest: Reservation<Requester> = { priority: 1, admit: () => ({ admits: 'onRequest' }) }

/** Two pools with everything taken, one that must be asked for, one that matches nobody, one for blue. */
function full(): Ipam<Requester> {
  const ipam = ipamOf(
    pool('a', ['192.0.2.1/32']),
    pool('b', ['192.0.2.2/32', '2001:db8::/127']),
    pool('c', ['192.0.2.3/32'], { autoAssign: false }),
    pool('d', ['192.0.2.4/32'], { reservation: onRequest }),
    pool('e', ['192.0.2.5/32'], { reservation: blueOnly })
  )
  assign(ipam, 'first', '192.0.2.1')
  assign(ipam, 'second', '192.0.2.2 2001:db8::')
  assign(ipam, 'third', '2001:db8::1')
  return ipam
}

const OTHERS =
  'pool "c": only on request (autoAssign is false); pool "d": only on request (its selectors match nothing); ' +
  'pool "e": not for namespace "red"'

type Row = readonly [
  promise: string,
  ask: (ipam: Ipam<Requester>) => AllocationResult,
  reason: RefusalReason,
  message: string
]

const CHOSEN: readonly Row[] = [
  ['an unknown pool', (ipam) => allocate(ipam, 'k', { pool: 'x' }), 'unknownPool', 'there is no pool "x"'],
  [
    'one family, and every pool says why not',
    (ipam) => allocate(ipam, 'k'),
    'noAddress',
    'no IPv4 address available: pool "a": full (1 of 1 IPv4 addresses in use); ' +
      `pool "b": full (1 of 1 IPv4 addresses in use); ${OTHERS}`
  ],
  [
    'a family that a pool has none of',
    (ipam) => allocate(ipam, 'k', { families: IPV6 }),
    'noAddress',
    'no IPv6 address available: pool "a": no IPv6 addresses; ' +
      `pool "b": full (2 of 2 IPv6 addresses in use); ${OTHERS}`
  ],
  [
    'both families, with what is short in each',
    (ipam) => allocate(ipam, 'k', { families: DUAL }),
    'noAddress',
    'no pool has both an IPv4 and an IPv6 address available: ' +
      'pool "a": full (1 of 1 IPv4 addresses in use) and no IPv6 addresses; ' +
      'pool "b": full (1 of 1 IPv4 addresses in use) and full (2 of 2 IPv6 addresses in use); ' +
      OTHERS
  ],
  [
    'both families from a pool that lacks only one',
    (ipam) => allocate(ipam, 'k', { families: DUAL, pool: 'c' }),
    'noAddress',
    'no pool has both an IPv4 and an IPv6 address available: pool "c": no IPv6 addresses'
  ],
  [
    'either family',
    (ipam) => allocate(ipam, 'k', { families: PREFER_DUAL, pool: 'a' }),
    'noAddress',
    'no address available: pool "a": full (1 of 1 IPv4 addresses in use) and no IPv6 addresses'
  ],
  [
    'a requested pool that does not admit',
    (ipam) => allocate(ipam, 'k', { pool: 'e' }),
    'noAddress',
    'no IPv4 address available: pool "e": not for namespace "red"'
  ],
  [
    'other families than are held',
    (ipam) => allocate(ipam, 'first', { families: IPV6 }),
    'heldFamilies',
    '192.0.2.1 is held, which is not of the families asked for'
  ],
  [
    'one family when both are held',
    (ipam) => allocate(ipam, 'second', { families: IPV4 }),
    'heldFamilies',
    '192.0.2.2, 2001:db8:: is held, which is not of the families asked for'
  ],
  [
    'both families when one is held',
    (ipam) => allocate(ipam, 'third', { families: DUAL }),
    'heldFamilies',
    '2001:db8::1 is held, which is not of the families asked for'
  ],
  [
    'another pool than is held',
    (ipam) => allocate(ipam, 'first', { pool: 'b' }),
    'addressRefused',
    '192.0.2.1 cannot be assigned: pool "a": pool "b" was asked for'
  ]
]

const STATED: readonly Row[] = [
  ['no address', (ipam) => assign(ipam, 'k', ''), 'addressCount', 'no address is stated'],
  [
    'three addresses',
    (ipam) => assign(ipam, 'k', '192.0.2.1 192.0.2.2 2001:db8::'),
    'addressCount',
    '3 addresses are stated, at most one of each family can be had'
  ],
  [
    'two of one family',
    (ipam) => assign(ipam, 'k', '192.0.2.3 192.0.2.4'),
    'addressCount',
    '192.0.2.3 and 192.0.2.4 are both IPv4, only one of a family can be had'
  ],
  [
    'an address of no pool',
    (ipam) => assign(ipam, 'k', '192.0.2.2 2001:db8:1::'),
    'addressRefused',
    '192.0.2.2, 2001:db8:1:: cannot be assigned: ' +
      ['a', 'b', 'c', 'd', 'e'].map((name) => `pool "${name}": 2001:db8:1:: is not in it`).join('; ')
  ],
  [
    'addresses of two pools',
    (ipam) => assign(ipam, 'k', '192.0.2.3 2001:db8::1'),
    'addressRefused',
    '192.0.2.3, 2001:db8::1 cannot be assigned: ' +
      'pool "c": 2001:db8::1 is not in it, and all addresses must come from one pool; ' +
      'pool "b": 192.0.2.3 is not in it, and all addresses must come from one pool'
  ],
  [
    'an address of another pool than the requested',
    (ipam) => assign(ipam, 'k', '192.0.2.3', { pool: 'd' }),
    'addressRefused',
    '192.0.2.3 cannot be assigned: pool "c": pool "d" was asked for'
  ],
  [
    'an unknown pool',
    (ipam) => assign(ipam, 'k', '192.0.2.3', { pool: 'x' }),
    'unknownPool',
    'there is no pool "x"'
  ],
  [
    'an address of a pool that does not admit',
    (ipam) => assign(ipam, 'k', '192.0.2.5', { requester: 'red' }),
    'addressRefused',
    '192.0.2.5 cannot be assigned: pool "e": not for namespace "red"'
  ],
  [
    'an address in use',
    (ipam) => assign(ipam, 'k', '192.0.2.1', { sharing: sharing('s') }),
    'addressRefused',
    '192.0.2.1 cannot be assigned: pool "a": 192.0.2.1 is in use by first, not shared'
  ]
]

describe('a refused request', () => {
  test.each([...CHOSEN, ...STATED])('for %s says why', (_, ask, reason, message) => {
    const result = ask(full())
    expect(result).toMatchObject({ outcome: 'refused', refusal: { reason, message } })
  })

  test.each([...CHOSEN, ...STATED])('for %s changes nothing', (_, ask) => {
    const ipam = full()
    const before = snapshot(ipam)
    expect(ask(ipam).outcome).toBe('refused')
    expect(snapshot(ipam)).toEqual(before)
  })

  test('names the facts beside the message', () => {
    const result = allocate(full(), 'k', { families: IPV6, pool: 'a' })
    expect(result).toMatchObject({
      refusal: { pools: [{ pool: 'a', why: 'short', shortages: [{ family: 6, capacity: 0n }] }] }
    })
  })

  test('without pools says just that', () => {
    const ipam = ipamOf()
    const text = 'there are no pools'
    expect(allocate(ipam, 'k', { pool: 'a' })).toMatchObject({
      refusal: { reason: 'noPools', message: text, pools: [] }
    })
    expect(assign(ipam, 'k', '192.0.2.1')).toMatchObject({ refusal: { reason: 'noPools', message: text } })
  })

  test('counts the pools past the eighth', () => {
    const names = Array.from({ length: 10 }, (_, i) => `p${i}`)
    const ipam = ipamOf(...names.map((name) => pool(name, [], { autoAssign: false })))
    const result = allocate(ipam, 'k')
    expect(outcome(result)).toMatch(/"p7": only on request \(autoAssign is false\); and 2 more pools$/)
    expect(result).toMatchObject({ refusal: { pools: names.map((name) => ({ pool: name })) } })
    ipam.setPools(names.slice(1).map((name) => pool(name, [])))
    expect(outcome(allocate(ipam, 'k'))).toMatch(/"p8": no IPv4 addresses; and 1 more pool$/)
  })
})

describe('an address that cannot be shared', () => {
  function shared(): Ipam<Requester> {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24'], { avoidBuggyIps: true }))
    for (const [i, key] of ['d', 'b', 'e', 'a', 'c'].entries()) {
      assign(ipam, key, '192.0.2.1', { sharing: sharing('s', 'web'), ports: tcp(80 + i) })
    }
    return ipam
  }

  test.each([
    ['by who does not share', {}, 'is in use by a, b, c and 2 more, not shared'],
    [
      'with another key',
      { sharing: sharing('t', 'web') },
      'is in use by a, b, c and 2 more, with another sharing key'
    ],
    [
      'with other back ends',
      { sharing: sharing('s', '') },
      'is in use by a, b, c and 2 more, with other back ends'
    ],
    [
      'on a port that is taken',
      { sharing: sharing('s', 'web'), ports: tcp(443, 83) },
      'is shared, but TCP/83 on it is used by a'
    ]
  ])('%s names its holders', (_, claim, text) => {
    const result = assign(shared(), 'k', '192.0.2.1', claim)
    expect(outcome(result)).toBe(`192.0.2.1 cannot be assigned: pool "a": 192.0.2.1 ${text}`)
    expect(result).toMatchObject({ refusal: { reason: 'addressRefused', pools: [{ why: 'inUse' }] } })
  })

  test('carries the facts of the conflict', () => {
    const result = assign(shared(), 'k', '192.0.2.1')
    const pools = result.outcome === 'refused' ? result.refusal.pools : []
    const conflict = { address: '192.0.2.1', why: 'notShared', holders: ['a', 'b', 'c'], holderCount: 5 }
    expect(JSON.stringify(pools)).toBe(JSON.stringify([{ pool: 'a', why: 'inUse', conflict }]))
  })

  test('and one that is avoided says so', () => {
    expect(outcome(assign(shared(), 'k', '192.0.2.255'))).toBe(
      '192.0.2.255 cannot be assigned: pool "a": 192.0.2.255 ends in .0 or .255, which it avoids'
    )
  })
})

describe('a second address', () => {
  test.each([
    ['nobody', 'no', 'heldFamilies', 'the key holds no single address'],
    ['both', 'has both', 'heldFamilies', 'the key holds no single address'],
    ['short', 'has one', 'noAddress', 'no IPv6 address available: pool "a": no IPv6 addresses']
  ] as const)('is refused with a reason (%s)', (key, _, reason, message) => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24']), pool('b', ['198.51.100.0/24', '2001:db8::/64']))
    allocate(ipam, 'short', { pool: 'a' })
    allocate(ipam, 'both', { pool: 'b', families: DUAL })
    expect(ipam.extend({ key, requester: 'anyone' })).toMatchObject({ refusal: { reason, message } })
  })

  test('is refused where the first is not legal any more', () => {
    const ipam = ipamOf(pool('e', ['192.0.2.0/24', '2001:db8::/64'], { reservation: blueOnly }))
    allocate(ipam, 'k', { requester: 'blue' })
    expect(outcome(ipam.extend({ key: 'k', requester: 'red' }))).toBe(
      '192.0.2.0 cannot be assigned: pool "e": not for namespace "red"'
    )
    expect(outcome(ipam.extend({ key: 'k', requester: 'blue' }))).toBe('192.0.2.0 2001:db8::')
  })
})

function snapshot(ipam: Ipam<Requester>): unknown {
  return {
    held: [...ipam.allocations()].map((one) => JSON.stringify(one)).toSorted(),
    usage: ipam.pools().map(({ name }) => ipam.usage(name))
  }
}
