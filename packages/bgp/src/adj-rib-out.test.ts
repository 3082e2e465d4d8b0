import { IpPrefix } from '@clarion-lb/netaddr'
import { array, assert, constant, constantFrom, oneof, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { AdjRibOut } from './adj-rib-out.ts'
import type { RibBatch } from './family-rib.ts'
import { type AdvertisedAttributes, type Route, RouteInterner } from './routes.ts'

const interner = new RouteInterner()

function route(prefix: string, attributes: AdvertisedAttributes = {}): Route {
  return interner.intern({ prefix: IpPrefix.parse(prefix), attributes })
}

/** `-prefix` is withdrawn, `+prefix med` is reached. */
function textOf(batch: RibBatch | undefined): readonly string[] {
  if (batch === undefined) return []
  return [
    ...batch.withdrawn.map(({ prefix }) => `-${prefix.toString()}`),
    ...batch.reached.flat().map(({ prefix, attributes }) => `+${prefix.toString()} ${attributes.med ?? ''}`)
  ]
}

test('a session is told everything once, then differences alone', () => {
  const rib = new AdjRibOut()
  rib.set(route('192.0.2.1/32'))
  rib.set(route('2001:db8::1/128'))
  rib.activate(4)
  rib.activate(6)
  expect(textOf(rib.take(4))).toEqual(['+192.0.2.1/32 '])
  expect(textOf(rib.take(6))).toEqual(['+2001:db8::1/128 '])
  expect(rib.take(4)).toBeUndefined()

  rib.set(route('192.0.2.1/32', { med: 5 }))
  rib.set(route('192.0.2.2/32'))
  rib.delete(route('2001:db8::1/128').key)
  expect(textOf(rib.take(4))).toEqual(['+192.0.2.1/32 5', '+192.0.2.2/32 '])
  expect(textOf(rib.take(6))).toEqual(['-2001:db8::1/128'])
  expect([rib.advertisedCount(4), rib.advertisedCount(6)]).toEqual([2, 0])
})

test('a change that is taken back before it is sent sends nothing', () => {
  const rib = new AdjRibOut()
  rib.set(route('192.0.2.1/32'))
  rib.activate(4)
  rib.take(4)
  rib.set(route('192.0.2.1/32', { med: 1 }))
  rib.set(route('192.0.2.1/32'))
  rib.set(route('192.0.2.9/32'))
  rib.delete(route('192.0.2.9/32').key)
  rib.delete(route('192.0.2.1/32').key)
  rib.set(route('192.0.2.1/32'))
  expect(rib.pendingCount(4)).toBe(0)
  expect(rib.take(4)).toBeUndefined()
})

test('the same routes again are no change, whatever the order of their communities', () => {
  const rib = new AdjRibOut()
  rib.replace([route('192.0.2.1/32', { communities: [2, 1, 2], extendedCommunities: [3n, 1n] })])
  rib.activate(4)
  rib.take(4)
  rib.replace([route('192.0.2.1/32', { communities: [1, 2], extendedCommunities: [1n, 3n] })])
  expect(rib.take(4)).toBeUndefined()
})

test('after the end of a session nothing is known of what the peer has', () => {
  const rib = new AdjRibOut()
  rib.set(route('192.0.2.1/32'))
  rib.activate(4)
  rib.take(4)
  rib.deactivate()
  rib.set(route('192.0.2.2/32'))
  rib.delete(route('192.0.2.1/32').key)
  expect(rib.take(4)).toBeUndefined()
  rib.activate(4)
  expect(textOf(rib.take(4))).toEqual(['+192.0.2.2/32 '])
  expect(rib.take(4)).toBeUndefined()
})

test('a refresh sends all again, and what is withdrawn meanwhile is withdrawn', () => {
  const rib = new AdjRibOut()
  rib.replace([route('192.0.2.1/32'), route('192.0.2.2/32')])
  rib.activate(4)
  rib.take(4)
  rib.refresh(4)
  rib.set(route('192.0.2.1/32', { med: 1 }))
  rib.set(route('192.0.2.1/32'))
  rib.delete(route('192.0.2.2/32').key)
  expect(textOf(rib.take(4))).toEqual(['-192.0.2.2/32', '+192.0.2.1/32 '])
  expect(rib.advertisedCount(4)).toBe(1)
})

test('batches are bounded, and routes with equal attributes are in one group', () => {
  const rib = new AdjRibOut()
  for (let i = 0; i < 20_000; i += 1) rib.set(route(`10.0.${i >> 8}.${i & 0xff}/32`, { med: i % 2 }))
  rib.activate(4)
  const sizes: number[] = []
  for (let batch = rib.take(4); batch !== undefined; batch = rib.take(4)) {
    expect(batch.reached).toHaveLength(2)
    sizes.push(batch.reached.flat().length)
  }
  expect(sizes.reduce((sum, size) => sum + size)).toBe(20_000)
  expect(Math.max(...sizes)).toBeLessThan(7000)
})

test('equal attributes are one object, and equal advertisements one route', () => {
  const advertisement = { prefix: IpPrefix.parse('192.0.2.1/32'), attributes: { med: 1 } }
  expect(interner.intern(advertisement)).toBe(interner.intern(advertisement))
  const large = (localData2: number) => ({ globalAdministrator: 1, localData1: 2, localData2 })
  const a = route('192.0.2.1/32', { largeCommunities: [large(4), large(3), large(3)] })
  const b = route('192.0.2.2/32', { largeCommunities: [large(3), large(4)] })
  expect(a.attributes).toBe(b.attributes)
  expect(a.attributes.largeCommunities).toHaveLength(2)
  expect(route('192.0.2.1/32', { med: 0 }).attributes).not.toBe(route('192.0.2.1/32').attributes)
  expect(route('0.0.0.0/0').key).not.toBe(route('::/0').key)
})

test('whatever changes and whenever it is sent, the peer ends up with what is wanted', () => {
  const prefix = constantFrom('192.0.2.1/32', '192.0.2.0/24', '192.0.2.3/32')
  const change = oneof(
    record({ type: constant('set' as const), prefix, med: constantFrom(0, 1, 2) }),
    record({ type: constant('delete' as const), prefix }),
    record({ type: constantFrom('take' as const, 'reconnect' as const, 'refresh' as const) })
  )
  assert(
    property(array(change, { maxLength: 60 }), (changes) => {
      const rib = new AdjRibOut()
      const wanted = new Map<string, number>()
      const peer = new Map<string, number | undefined>()
      const take = (): void => {
        for (const line of textOf(rib.take(4))) {
          const [text = '', med = ''] = line.slice(1).split(' ')
          if (line.startsWith('-')) expect(peer.delete(text)).toBe(true)
          else peer.set(text, Number(med))
        }
      }
      rib.activate(4)
      for (const it of changes) {
        if (it.type === 'set') {
          rib.set(route(it.prefix, { med: it.med }))
          wanted.set(it.prefix, it.med)
        } else if (it.type === 'delete') {
          rib.delete(route(it.prefix).key)
          wanted.delete(it.prefix)
        } else if (it.type === 'take') take()
        else if (it.type === 'refresh') rib.refresh(4)
        else {
          rib.deactivate()
          peer.clear()
          rib.activate(4)
        }
      }
      take()
      expect(peer).toEqual(wanted)
      expect(rib.advertisedCount(4)).toBe(peer.size)
    })
  )
})

test('keys of networks differ in the bits that maps hash', () => {
  const key = (text: string): bigint => BigInt.asUintN(64, BigInt(route(text).key))
  const keys = Array.from({ length: 2000 }, (_, i) => key(`2001:db8:${i.toString(16)}::/48`))
  expect(new Set(keys).size).toBeGreaterThan(1990)
})

test('a queue that is never empty does not grow', () => {
  const rib = new AdjRibOut()
  const routes = Array.from({ length: 10_000 }, (_, i) => `10.0.${i >> 8}.${i & 0xff}/32`)
  for (const prefix of routes) rib.set(route(prefix))
  rib.activate(4)
  for (let round = 1; round < 20; round += 1) {
    rib.take(4)
    for (const prefix of routes.slice(0, 5000)) rib.set(route(prefix, { med: round }))
    expect(rib.pendingCount(4)).toBeLessThanOrEqual(10_000)
  }
  let sent = 0
  for (let batch = rib.take(4); batch !== undefined; batch = rib.take(4)) sent += batch.reached.flat().length
  expect(sent).toBeLessThanOrEqual(10_000)
})
