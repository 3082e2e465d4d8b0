import { parseIpAddress } from '@clarion-lb/netaddr'
import { describe, expect, test } from 'vitest'
import {
  allocate,
  assign,
  DUAL,
  formatOpenings,
  heldBy,
  IPV4,
  IPV6,
  ipamOf,
  openingsOf,
  outcome,
  PREFER_DUAL,
  pool,
  type Requester,
  tcp
} from '../test/requests.ts'
import type { Families, Ipam, Reservation } from './index.ts'

function reserved(priority: number, who: Requester = 'blue'): Reservation<Requester> {
  return {
    priority,
    admit: (requester) =>
      requester === who ? { admits: 'automatic' } : { admits: 'never', because: 'not for you' }
  }
}

/** The pools that blue gets addresses from, one after the other. */
function order(ipam: Ipam<Requester>, count: number): readonly (string | undefined)[] {
  return Array.from({ length: count }, (_, i) => {
    allocate(ipam, `k${i}`, { requester: 'blue' })
    return ipam.get(`k${i}`)?.pool
  })
}

describe('the order of pools', () => {
  test('reserved ones come by priority, 0 and less last, equal ones by name; then the open ones by name', () => {
    const ipam = ipamOf(
      pool('open-b', ['192.0.2.0/32']),
      pool('open-a', ['192.0.2.1/32']),
      pool('zero-b', ['192.0.2.2/32'], { reservation: reserved(0) }),
      pool('negative', ['192.0.2.3/32'], { reservation: reserved(-5) }),
      pool('zero-a', ['192.0.2.4/32'], { reservation: reserved(0) }),
      pool('ten-b', ['192.0.2.5/32'], { reservation: reserved(10) }),
      pool('ten-a', ['192.0.2.6/32'], { reservation: reserved(10) }),
      pool('two', ['192.0.2.7/32'], { reservation: reserved(2) }),
      pool('asked', ['192.0.2.8/32'], { reservation: reserved(1), autoAssign: false }),
      pool('red', ['192.0.2.9/32'], { reservation: reserved(1, 'red') })
    )
    expect(order(ipam, 9)).toEqual([
      'two',
      'ten-a',
      'ten-b',
      'negative',
      'zero-a',
      'zero-b',
      'open-a',
      'open-b',
      undefined
    ])
  })

  // The prior allocator orders 13 or more equal pools in no stated order.
  test('40 equal pools come by name, in whatever order they are given', () => {
    const names = Array.from({ length: 40 }, (_, i) => `p${String(i).padStart(2, '0')}`)
    const pools = names.map((name, i) => pool(name, [`192.0.2.${i}/32`], { reservation: reserved(0) }))
    expect(order(ipamOf(...pools.toReversed()), 40)).toEqual(names)
    expect(order(ipamOf(...pools), 40)).toEqual(names)
  })

  test('names are compared by code unit, not by language', () => {
    const ipam = ipamOf(
      pool('b', ['192.0.2.0/32']),
      pool('B', ['192.0.2.1/32']),
      pool('a10', ['192.0.2.2/32'])
    )
    ipam.setPools([...ipam.pools(), pool('a9', ['192.0.2.3/32'])])
    expect(order(ipam, 4)).toEqual(['B', 'a10', 'a9', 'b'])
    expect(ipam.pools().map(({ name }) => name)).toEqual(['B', 'a10', 'a9', 'b'])
  })

  test('a pool that is given out only on request is used when asked for by name or by address', () => {
    const ipam = ipamOf(
      pool('manual', ['192.0.2.0/31'], { autoAssign: false }),
      pool('matchless', ['192.0.2.2/31'], {
        reservation: { priority: 1, admit: () => ({ admits: 'onRequest' }) }
      })
    )
    expect(allocate(ipam, 'k').outcome).toBe('refused')
    expect(outcome(allocate(ipam, 'a', { pool: 'manual' }))).toBe('192.0.2.0')
    expect(outcome(allocate(ipam, 'b', { pool: 'matchless' }))).toBe('192.0.2.2')
    expect(outcome(assign(ipam, 'c', '192.0.2.1'))).toBe('192.0.2.1')
    expect(outcome(assign(ipam, 'd', '192.0.2.3'))).toBe('192.0.2.3')
  })
})

describe('the order of addresses', () => {
  test('is that of the ranges as listed, and from the lowest up in each', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.8/31', '2001:db8::/127', '192.0.2.0/31']))
    const got = ['k1', 'k2', 'k3', 'k4', 'k5'].map((key) => outcome(allocate(ipam, key)))
    expect(got.slice(0, 4)).toEqual(['192.0.2.8', '192.0.2.9', '192.0.2.0', '192.0.2.1'])
    expect(got[4]).toMatch(/^no IPv4 address available/)
  })

  test('a released address is the next to be given out if it is the lowest', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24']))
    for (let i = 0; i < 100; i += 1) allocate(ipam, `k${i}`)
    for (const i of [70, 3, 40]) ipam.release(`k${i}`)
    const got = ['a', 'b', 'c', 'd'].map((key) => outcome(allocate(ipam, key)))
    expect(got).toEqual(['192.0.2.3', '192.0.2.40', '192.0.2.70', '192.0.2.100'])
  })
})

describe('families', () => {
  const single4 = pool('a4', ['192.0.2.0/32'])
  const single6 = pool('b6', ['2001:db8::/128'])
  const both = pool('c46', ['2001:db8:1::/128', '198.51.100.0/32'])

  test('a pair comes from one pool, IPv4 first, never from two', () => {
    const ipam = ipamOf(single4, single6, both)
    expect(outcome(allocate(ipam, 'k', { families: DUAL }))).toBe('198.51.100.0 2001:db8:1::')
    expect(allocate(ipam, 'l', { families: DUAL }).outcome).toBe('refused')
    expect(outcome(allocate(ipam, 'm'))).toBe('192.0.2.0')
  })

  test('a pool with only half a pair left gives none of it', () => {
    const ipam = ipamOf(both)
    assign(ipam, 'k', '2001:db8:1::')
    expect(allocate(ipam, 'l', { families: DUAL }).outcome).toBe('refused')
    expect(ipam.usage('c46')?.ipv4.assigned).toBe(0n)
  })

  const prefer = (primary: 4 | 6): Families => ({ stack: 'preferDual', primary })
  test.each([
    ['a pair, from whatever pool has one', [single4, single6, both], prefer(4), '198.51.100.0 2001:db8:1::'],
    ['else the primary family', [single6, single4], prefer(4), '192.0.2.0'],
    ['else the primary family', [single4, single6], prefer(6), '2001:db8::'],
    ['else the other', [single6], prefer(4), '2001:db8::'],
    ['else the other', [single4], prefer(6), '192.0.2.0']
  ])('a preference for both gets %s', (_, pools, families, expected) => {
    expect(outcome(allocate(ipamOf(...pools), 'k', { families }))).toBe(expected)
  })

  test('a preference for both takes one address of a requested pool that has no pair', () => {
    const ipam = ipamOf(single4, single6, both)
    expect(outcome(allocate(ipam, 'k', { families: PREFER_DUAL, pool: 'b6' }))).toBe('2001:db8::')
  })

  test('a preference for both takes a reserved single address before an open pair', () => {
    const ipam = ipamOf({ ...single4, reservation: reserved(0) }, both)
    expect(outcome(allocate(ipam, 'k', { requester: 'blue', families: PREFER_DUAL }))).toBe('192.0.2.0')
    expect(outcome(allocate(ipam, 'l', { requester: 'blue', families: DUAL }))).toBe(
      '198.51.100.0 2001:db8:1::'
    )
  })

  test('a second address comes from the pool of the first, after it', () => {
    const ipam = ipamOf(single4, single6, both)
    assign(ipam, 'k', '2001:db8:1::')
    const result = ipam.extend({ key: 'k', requester: 'anyone' })
    expect(outcome(result)).toBe('2001:db8:1:: 198.51.100.0')
    expect(ipam.holdersOf(parseIpAddress('198.51.100.0'))).toEqual(['k'])
    expect(ipam.usage('c46')?.allocations).toBe(1)
  })
})

describe('who holds an address already', () => {
  test('keeps it, whatever has become free below it', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24']))
    allocate(ipam, 'first')
    const result = allocate(ipam, 'k')
    ipam.release('first')
    expect(allocate(ipam, 'k')).toEqual({ ...result, isChanged: false, openings: [] })
    expect(heldBy(ipam, 'k')).toBe('192.0.2.1')
  })

  test('keeps a pair or a single one when either will do', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24', '2001:db8::/64']))
    allocate(ipam, 'one', { families: IPV6 })
    allocate(ipam, 'two', { families: DUAL })
    expect(allocate(ipam, 'one', { families: PREFER_DUAL })).toMatchObject({ isChanged: false })
    expect(allocate(ipam, 'two', { families: PREFER_DUAL })).toMatchObject({ isChanged: false })
    expect(heldBy(ipam, 'one')).toBe('2001:db8::')
  })

  test('is refused, and keeps it, when the pool does not admit it any more', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24']), pool('b', ['198.51.100.0/24']))
    allocate(ipam, 'k')
    ipam.setPools([pool('a', ['192.0.2.0/24'], { reservation: reserved(1) }), pool('b', ['198.51.100.0/24'])])
    expect(outcome(allocate(ipam, 'k'))).toBe('192.0.2.0 cannot be assigned: pool "a": not for you')
    expect(heldBy(ipam, 'k')).toBe('192.0.2.0')
  })

  test('keeps it in a pool that is not given out on its own any more', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24']))
    allocate(ipam, 'k')
    ipam.setPools([pool('a', ['192.0.2.0/24'], { autoAssign: false })])
    expect(allocate(ipam, 'k')).toMatchObject({ outcome: 'allocated', isChanged: false })
  })

  test('gives it up for stated addresses, in the same pool or another', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24', '2001:db8::/64']), pool('b', ['198.51.100.0/24']))
    allocate(ipam, 'k', { families: DUAL })
    expect(openingsOf(assign(ipam, 'k', '192.0.2.7 2001:db8::'))).toEqual(['a 192.0.2.0 for anyone'])
    expect(openingsOf(assign(ipam, 'k', '198.51.100.1'))).toEqual([
      'a 192.0.2.7 for anyone',
      'a 2001:db8:: for anyone'
    ])
    expect(ipam.usage('a')).toMatchObject({ allocations: 0, ipv4: { assigned: 0n }, ipv6: { assigned: 0n } })
    expect(ipam.get('k')?.pool).toBe('b')
    expect(ipam.size).toBe(1)
  })

  test('keeps the order of a pair that is stated the other way round', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24', '2001:db8::/64']))
    expect(outcome(assign(ipam, 'k', '2001:db8::1 192.0.2.1'))).toBe('2001:db8::1 192.0.2.1')
    expect(assign(ipam, 'k', '192.0.2.1 2001:db8::1')).toMatchObject({ isChanged: false })
    const changed = assign(ipam, 'k', '192.0.2.1 2001:db8::1', { ports: tcp(80) })
    expect(outcome(changed)).toBe('2001:db8::1 192.0.2.1')
  })

  test('is told of a change of ports, and of none when they come in another order', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24']))
    allocate(ipam, 'k', { ports: tcp(80, 443) })
    expect(allocate(ipam, 'k', { ports: tcp(443, 80) })).toMatchObject({ isChanged: false })
    expect(allocate(ipam, 'k', { ports: tcp(443, 443) })).toMatchObject({ isChanged: true })
    expect(allocate(ipam, 'k', { ports: tcp(443, 80) })).toMatchObject({ isChanged: true })
    expect(ipam.get('k')?.ports).toEqual(tcp(443, 80))
  })
})

describe('a release', () => {
  test('of a key that holds nothing is undefined', () => {
    expect(ipamOf(pool('a', ['192.0.2.0/24'])).release('k')).toBeUndefined()
  })

  test('gives back both addresses, once', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24', '2001:db8::/64']))
    allocate(ipam, 'k', { families: DUAL })
    expect(formatOpenings(ipam.release('k')?.openings ?? [])).toEqual([
      'a 192.0.2.0 for anyone',
      'a 2001:db8:: for anyone'
    ])
    expect(ipam.release('k')).toBeUndefined()
    expect(outcome(allocate(ipam, 'l', { families: IPV4 }))).toBe('192.0.2.0')
  })
})
