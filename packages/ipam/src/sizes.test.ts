import { type IpAddress, IpRange, Ipv4Address, parseIpAddress } from '@clarion-lb/netaddr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocate, assign, DUAL, IPV6, ipamOf, outcome, pool } from '../test/requests.ts'
import { FreeIndex } from './free-index.ts'
import { createLane } from './lane.ts'

describe('a pool of', () => {
  test.each([
    ['10.0.0.0/12', 1n << 20n],
    ['0.0.0.0/0', 1n << 32n],
    ['192.0.2.7/32', 1n],
    ['192.0.2.250-192.0.3.4', 11n],
    ['2001:db8::/64', 1n << 64n],
    ['2001:db8::/32', 1n << 96n],
    ['2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:fffe', (1n << 96n) - 1n],
    ['::/0', 1n << 128n]
  ])('%s counts exactly', (range, capacity) => {
    const ipam = ipamOf(pool('a', [range]))
    const { first, last, family } = IpRange.parse(range)
    const usage = () => ipam.usage('a')?.[family === 4 ? 'ipv4' : 'ipv6']
    expect(usage()).toEqual({ assigned: 0n, available: capacity, capacity })
    ipam.assign({ key: 'last', requester: 'anyone', addresses: [last] })
    ipam.assign({ key: 'first', requester: 'anyone', addresses: [first] })
    const assigned = capacity === 1n ? 1n : 2n
    expect(usage()).toEqual({ assigned, available: capacity - assigned, capacity })
    ipam.release('last')
    ipam.release('first')
    expect(usage()).toEqual({ assigned: 0n, available: capacity, capacity })
  })

  test.each([
    ['10.16.0.0/12', 5000],
    ['10.17.0.0/16', 2 ** 16]
  ])('%s gives its first %i addresses from the lowest up', (range, count) => {
    const ipam = ipamOf(pool('a', [range]))
    const lane = createLane(IpRange.parse(range), false)
    const isInOrder = Array.from({ length: count }, (_, i) => {
      const result = allocate(ipam, `k${i}`)
      return (
        result.outcome === 'allocated' && result.allocation.addresses[0]?.equals(lane.addressAt(i)) === true
      )
    })
    expect(isInOrder.every(Boolean)).toBe(true)
    expect(ipam.usage('a')?.ipv4.assigned).toBe(BigInt(count))
    expect(allocate(ipam, 'k').outcome).toBe(count === 2 ** 16 ? 'refused' : 'allocated')
    ipam.release('k')
    ipam.release('k4321')
    expect(outcome(allocate(ipam, 'again'))).toBe(lane.addressAt(4321).toString())
  })

  test.each(['2001:db8::/64', '2001:db8::/32', '::/0'])('%s gives, takes over and takes back', (range) => {
    const ipam = ipamOf(pool('a', [range, '192.0.2.0/24']))
    const { first, last } = IpRange.parse(range)
    const middle = first.family === 6 ? parseIpAddress('2001:db8::8000:0:0:0') : first
    for (const [key, address] of Object.entries({ first, middle, last })) {
      expect(outcome(ipam.assign({ key, requester: 'anyone', addresses: [address] }))).toBe(
        `${address.toString()}`
      )
      expect(ipam.assign({ key: 'k', requester: 'anyone', addresses: [address] }).outcome).toBe('refused')
    }
    const next = outcome(allocate(ipam, 'next', { families: IPV6 }))
    expect(next).toBe(first.toString() === '::' ? '::1' : '2001:db8::1')
    for (const key of ['first', 'middle', 'last']) ipam.release(key)
    expect(outcome(allocate(ipam, 'pair', { families: DUAL }))).toBe(`192.0.2.0 ${first.toString()}`)
    expect(ipam.assign({ key: 'k', requester: 'anyone', addresses: [last] }).outcome).toBe('allocated')
  })

  test('two prefixes that are each larger than 64 bits count both', () => {
    const ipam = ipamOf(pool('a', ['2001:db8::/32', 'fd00::/8']))
    expect(ipam.usage('a')?.ipv6.capacity).toBe((1n << 96n) + (1n << 120n))
  })

  test('no ranges has nothing', () => {
    const ipam = ipamOf(pool('a', []))
    expect(outcome(allocate(ipam, 'k'))).toBe('no IPv4 address available: pool "a": no IPv4 addresses')
  })
})

describe('where .0 and .255 are avoided', () => {
  // The prior allocator counts -1 for a /32 that ends in .0.
  test.each([
    ['192.0.2.0/32', 0n],
    ['192.0.2.255/32', 0n],
    ['192.0.2.1/32', 1n],
    ['192.0.2.0/31', 1n],
    ['192.0.2.255-192.0.3.0', 0n],
    ['192.0.2.0/24', 254n],
    ['192.0.2.0/25', 127n],
    ['10.0.0.0/12', 254n << 12n],
    ['0.0.0.0/0', 254n << 24n]
  ])('%s has what is left', (range, capacity) => {
    const ipam = ipamOf(pool('a', [range], { avoidBuggyIps: true }))
    expect(ipam.usage('a')?.ipv4).toEqual({ assigned: 0n, available: capacity, capacity })
    expect(allocate(ipam, 'k').outcome).toBe(capacity === 0n ? 'refused' : 'allocated')
  })

  test('they are left out in every /24 of a range, and only there', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.253-192.0.4.1', '2001:db8::/64'], { avoidBuggyIps: true }))
    const got = Array.from({ length: 257 }, (_, i) => outcome(allocate(ipam, `k${i}`)))
    expect(got.slice(0, 4)).toEqual(['192.0.2.253', '192.0.2.254', '192.0.3.1', '192.0.3.2'])
    expect(got.slice(254)).toEqual(['192.0.3.253', '192.0.3.254', '192.0.4.1'])
    expect(outcome(allocate(ipam, 'k'))).toContain('full (257 of 257 IPv4 addresses in use)')
    expect(outcome(allocate(ipam, 'six', { families: IPV6 }))).toBe('2001:db8::')
    expect(outcome(assign(ipam, 'ff', '2001:db8::ff'))).toBe('2001:db8::ff')
  })

  test('an avoided address is the pool’s own, but nobody gets it', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/24'], { avoidBuggyIps: true }))
    expect(ipam.poolOf(parseIpAddress('192.0.2.0'))).toBe('a')
    expect(outcome(assign(ipam, 'k', '192.0.2.0'))).toContain('ends in .0 or .255, which it avoids')
    expect(outcome(assign(ipam, 'k', '192.0.2.0', { pool: 'b' }))).toBe('there is no pool "b"')
  })
})

describe('the numbers of a range', () => {
  const small = fc
    .tuple(fc.nat({ max: 0xffff_ffff }), fc.nat({ max: 1200 }), fc.boolean())
    .map(([first, more, avoid]) => ({ first, last: Math.min(first + more, 0xffff_ffff), avoid }))

  test('go from 0 up without gaps, over the usable addresses, in order', () => {
    fc.assert(
      fc.property(small, ({ first, last, avoid }) => {
        const lane = createLane(
          IpRange.of(Ipv4Address.fromNumber(first), Ipv4Address.fromNumber(last)),
          avoid
        )
        const usable: IpAddress[] = []
        for (let value = first; value <= last; value += 1) {
          const isAvoided = avoid && [0, 255].includes(value % 256)
          const address = Ipv4Address.fromNumber(value)
          expect(lane.isUsable(address)).toBe(!isAvoided)
          expect(lane.indexOf(address)).toBe(isAvoided ? undefined : usable.length)
          if (!isAvoided) usable.push(address)
        }
        expect(lane.capacity).toBe(BigInt(usable.length))
        expect(usable.map((_, i) => lane.addressAt(i).toString())).toEqual(usable.map(String))
      })
    )
  })
})

describe('the numbers of a range too large to search', () => {
  test('end at 2^52, past which addresses have none', () => {
    const lane = createLane(IpRange.parse('2001:db8::/64'), false)
    expect(lane.indexOf(parseIpAddress('2001:db8::f:ffff:ffff:ffff'))).toBe(2 ** 52 - 1)
    expect(lane.indexOf(parseIpAddress('2001:db8::10:0:0:0'))).toBeUndefined()
    expect(lane.addressAt(2 ** 52 - 1).toString()).toBe('2001:db8::f:ffff:ffff:ffff')
  })
})

describe('the index of free numbers', () => {
  test('answers like a list that is looked through', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 1100 }), fc.boolean()), { maxLength: 200 })
    fc.assert(
      fc.property(fc.nat({ max: 1100 }), fc.nat({ max: 1100 }), steps, (size, filled, changes) => {
        const index = new FreeIndex(size)
        const taken = new Set<number>()
        const change = (at: number, isTake: boolean): void => {
          if (at >= size) return
          if (isTake) index.take(at)
          else index.give(at)
          if (isTake) taken.add(at)
          else taken.delete(at)
        }
        for (let at = 0; at < filled; at += 1) change(at, true)
        for (const [at, isTake] of changes) {
          change(at, isTake)
          let first = 0
          while (taken.has(first)) first += 1
          expect(index.first()).toBe(first < size ? first : undefined)
          expect([index.has(at), index.taken, index.isFull]).toEqual([
            taken.has(at),
            taken.size,
            taken.size === size
          ])
        }
      })
    )
  })

  test('finds the one free number among a million, wherever it is', () => {
    const index = new FreeIndex(2 ** 20)
    for (let at = 0; at < index.size; at += 1) index.take(at)
    expect(index.first()).toBeUndefined()
    for (const at of [0, 31, 32, 1023, 1024, 32_768, 2 ** 20 - 1, 2 ** 19]) {
      index.give(at)
      expect(index.first()).toBe(at)
      index.take(at)
    }
  })
})
