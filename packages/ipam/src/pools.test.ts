import { parseIpAddress } from '@clarion-lb/netaddr'
import { describe, expect, test } from 'vitest'
import {
  allocate,
  assign,
  DUAL,
  heldBy,
  ipamOf,
  openingsOf,
  outcome,
  pool,
  type Requester,
  sharing,
  tcp
} from '../test/requests.ts'
import type { Ipam, PoolDefinition, PoolsChange } from './index.ts'

/** As `key addresses`; a move also tells from where to where. */
function format({ displaced, moved }: PoolsChange): unknown {
  return {
    displaced: displaced.map((one) => `${one.key} ${one.addresses.join(' ')}`),
    moved: moved.map(({ allocation, from }) => `${allocation.key} ${from} -> ${allocation.pool}`)
  }
}

/** Three holders in pool a (one of a pair, two who share), one in pool b. */
function inUse(): Ipam<Requester> {
  const ipam = ipamOf(pool('a', ['192.0.2.0/24', '2001:db8::/64']), pool('b', ['198.51.100.0/24']))
  assign(ipam, 'pair', '192.0.2.1 2001:db8::1')
  assign(ipam, 'y', '192.0.2.200', { sharing: sharing('s'), ports: tcp(80) })
  assign(ipam, 'x', '192.0.2.200', { sharing: sharing('s'), ports: tcp(81) })
  assign(ipam, 'z', '198.51.100.0')
  return ipam
}

describe('pools replaced in use', () => {
  const KEPT = { displaced: [], moved: [] }
  const B = pool('b', ['198.51.100.0/24'])
  test.each<readonly [string, readonly PoolDefinition<Requester>[], unknown]>([
    ['the same leave all in place', [B, pool('a', ['192.0.2.0/24', '2001:db8::/64'])], KEPT],
    [
      'other terms leave all in place',
      [B, pool('a', ['192.0.2.0/24', '2001:db8::/64'], { autoAssign: false })],
      KEPT
    ],
    ['ranges in another order leave all in place', [B, pool('a', ['2001:db8::/64', '192.0.2.0/24'])], KEPT],
    ['a larger one leaves all in place', [B, pool('a', ['192.0.0.0/16', '2001:db8::/32'])], KEPT],
    [
      'one that shrinks to what is held leaves all in place',
      [B, pool('a', ['192.0.2.1/32', '192.0.2.200/32', '2001:db8::1/128'])],
      KEPT
    ],
    [
      'one that shrinks displaces who is outside',
      [B, pool('a', ['192.0.2.0/25', '2001:db8::/64'])],
      { displaced: ['x 192.0.2.200', 'y 192.0.2.200'], moved: [] }
    ],
    [
      'one that loses a family displaces pairs',
      [B, pool('a', ['192.0.2.0/24'])],
      { displaced: ['pair 192.0.2.1 2001:db8::1'], moved: [] }
    ],
    [
      'one that is split displaces pairs',
      [B, pool('a', ['192.0.2.0/24']), pool('a6', ['2001:db8::/64'])],
      { displaced: ['pair 192.0.2.1 2001:db8::1'], moved: [] }
    ],
    [
      'a new name moves all',
      [B, pool('c', ['192.0.2.0/24', '2001:db8::/64'])],
      { displaced: [], moved: ['pair a -> c', 'x a -> c', 'y a -> c'] }
    ],
    [
      'names that change places move all',
      [pool('a', ['198.51.100.0/24']), pool('b', ['192.0.2.0/24', '2001:db8::/64'])],
      { displaced: [], moved: ['pair a -> b', 'x a -> b', 'y a -> b', 'z b -> a'] }
    ],
    [
      'ones that are joined move some',
      [pool('b', ['198.51.100.0/24', '192.0.2.0/24', '2001:db8::/64'])],
      { displaced: [], moved: ['pair a -> b', 'x a -> b', 'y a -> b'] }
    ],
    [
      'one that is deleted displaces its own',
      [pool('a', ['192.0.2.0/24', '2001:db8::/64'])],
      { displaced: ['z 198.51.100.0'], moved: [] }
    ],
    [
      'none displaces all',
      [],
      {
        displaced: ['pair 192.0.2.1 2001:db8::1', 'x 192.0.2.200', 'y 192.0.2.200', 'z 198.51.100.0'],
        moved: []
      }
    ]
  ])('%s', (_, next, expected) => {
    const ipam = inUse()
    expect(format(ipam.setPools(next))).toEqual(expected)
    const kept = [...ipam.allocations()]
    expect(ipam.size).toBe(kept.length)
    for (const { name } of next) {
      const own = kept.filter((one) => one.pool === name)
      const ipv4 = new Set(
        own.flatMap((one) => one.addresses.filter((address) => address.family === 4)).map(String)
      )
      expect(ipam.usage(name)).toMatchObject({
        allocations: own.length,
        ipv4: { assigned: BigInt(ipv4.size) }
      })
    }
    for (const { key, pool: name, addresses } of kept) {
      expect(ipam.get(key)?.pool).toBe(name)
      expect(addresses.map((one) => ipam.poolOf(one))).toEqual(addresses.map(() => name))
      expect(addresses.every((one) => ipam.holdersOf(one).includes(key))).toBe(true)
    }
  })

  test('displaced addresses are free, and counted so', () => {
    const ipam = inUse()
    ipam.setPools([pool('a', ['192.0.2.0/25'])])
    expect(ipam.usage('a')).toEqual({
      pool: 'a',
      allocations: 0,
      ipv4: { assigned: 0n, available: 128n, capacity: 128n },
      ipv6: { assigned: 0n, available: 0n, capacity: 0n }
    })
    expect(ipam.usage('b')).toBeUndefined()
    expect(heldBy(ipam, 'pair')).toBe('nothing')
    expect(ipam.release('pair')).toBeUndefined()
    expect(openingsOf(assign(ipam, 'new', '192.0.2.1'))).toEqual([])
  })

  test('who moved is still not alone on its address, and can still be joined and released', () => {
    const ipam = inUse()
    ipam.setPools([pool('c', ['192.0.2.128/25'])])
    expect(outcome(assign(ipam, 'k', '192.0.2.200', { sharing: sharing('s'), ports: tcp(81) }))).toContain(
      'used by x'
    )
    expect(outcome(assign(ipam, 'k', '192.0.2.200', { sharing: sharing('s'), ports: tcp(82) }))).toBe(
      '192.0.2.200'
    )
    for (const key of ['x', 'y', 'k']) expect(ipam.release(key)?.allocation.pool).toBe('c')
    expect(ipam.usage('c')?.ipv4.assigned).toBe(0n)
  })

  test('who is displaced gets an address of what is left', () => {
    const ipam = inUse()
    ipam.setPools([pool('b', ['198.51.100.0/24', '2001:db8:1::/64'])])
    expect(outcome(allocate(ipam, 'pair', { families: DUAL }))).toBe('198.51.100.1 2001:db8:1::')
  })

  test('avoiding .0 and .255 displaces who holds one', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24']))
    for (const last of [0, 1, 254, 255]) assign(ipam, `k${last}`, `192.0.2.${last}`)
    const change = ipam.setPools([pool('a', ['192.0.2.0/24'], { avoidBuggyIps: true })])
    expect(format(change)).toEqual({ displaced: ['k0 192.0.2.0', 'k255 192.0.2.255'], moved: [] })
    expect(ipam.usage('a')?.ipv4).toEqual({ assigned: 2n, available: 252n, capacity: 254n })
    expect(format(ipam.setPools([pool('a', ['192.0.2.0/24'])]))).toEqual({ displaced: [], moved: [] })
    expect(outcome(allocate(ipam, 'k'))).toBe('192.0.2.0')
  })

  test('new terms of the same addresses count at once', () => {
    const ipam = inUse()
    ipam.setPools([pool('a', ['192.0.2.0/24', '2001:db8::/64'], { autoAssign: false })])
    expect(outcome(allocate(ipam, 'k'))).toContain('pool "a": only on request (autoAssign is false)')
    expect(ipam.pools()).toMatchObject([{ name: 'a', autoAssign: false }])
  })
})

describe('pools that contradict themselves', () => {
  test.each<readonly [string, readonly PoolDefinition<Requester>[], object]>([
    [
      'two of one name',
      [pool('a', ['192.0.2.0/25']), pool('a', ['192.0.2.128/25'])],
      { reason: 'duplicate-name', pools: ['a', 'a'], message: 'two pools have the name "a"' }
    ],
    [
      'two that overlap',
      [pool('b', ['192.0.2.0/24']), pool('a', ['192.0.2.255-192.0.3.3'])],
      {
        reason: 'overlap',
        pools: ['b', 'a'],
        message: '192.0.2.0/24 of pool "b" overlaps 192.0.2.255-192.0.3.3 of pool "a"'
      }
    ],
    [
      'one that overlaps itself',
      [pool('a', ['2001:db8::/32', '2001:db8:1::/48'])],
      {
        reason: 'overlap',
        pools: ['a', 'a'],
        message: '2001:db8::/32 of pool "a" overlaps 2001:db8:1::/48 of pool "a"'
      }
    ],
    [
      'a small range inside a large one, with another between their beginnings',
      [pool('a', ['10.0.0.0/8']), pool('b', ['10.1.0.0/16']), pool('c', ['10.2.0.0/16'])],
      { reason: 'overlap' }
    ]
  ])('%s are refused as a whole, and those in force stay', (_, next, expected) => {
    const ipam = inUse()
    expect(() => ipam.setPools(next)).toThrow(
      expect.objectContaining({ name: 'InvalidPoolsError', code: 'ERR_IPAM_INVALID_POOLS', ...expected })
    )
    expect(ipam.pools().map(({ name }) => name)).toEqual(['a', 'b'])
    expect(heldBy(ipam, 'pair')).toBe('192.0.2.1 2001:db8::1')
    expect(outcome(allocate(ipam, 'k'))).toBe('192.0.2.0')
  })

  test('an IPv4 range and an IPv6 range of equal numbers do not overlap', () => {
    const ipam = ipamOf(pool('a', ['0.0.0.0/0', '::/96']))
    expect(outcome(allocate(ipam, 'k', { families: DUAL }))).toBe('0.0.0.0 ::')
    expect(ipam.holdersOf(parseIpAddress('::'))).toEqual(['k'])
    ipam.release('k')
    expect(outcome(assign(ipam, 'l', '0.0.0.5 ::6'))).toBe('0.0.0.5 ::6')
    expect(ipam.holdersOf(parseIpAddress('0.0.0.6'))).toEqual([])
    expect(ipam.holdersOf(parseIpAddress('::5'))).toEqual([])
  })
})
