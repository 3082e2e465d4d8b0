import { Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { poolDefinitionsOf, WaitingServices, type WaitRequest } from './index.ts'
import { configOf } from './test-objects.ts'

const POOLS = poolDefinitionsOf(
  configOf({
    lan: ['192.0.2.0/24', '2001:db8::/64'],
    manual: { addresses: ['198.51.100.0/24'], autoAssign: false },
    blue: { addresses: ['203.0.113.0/24'], serviceAllocation: { namespaces: ['blue'] } }
  })
)
const V4 = Ipv4Address.parse('192.0.2.7')
const opening = { pool: 'lan', address: V4, sharing: undefined }
const request: WaitRequest = {
  requester: { namespace: 'default', labels: {} },
  families: [4],
  sharing: undefined
}
const turn = (key: string, createdAt = '2026-01-01T00:00:00Z') => ({ key, createdAt })

test('the oldest is next, then the one after, then nobody', () => {
  const waiting = new WaitingServices()
  waiting.set(turn('c', '2026-01-03T00:00:00Z'), request)
  waiting.set(turn('b', '2026-01-02T00:00:00Z'), { ...request, requester: { namespace: 'x', labels: {} } })
  waiting.set(turn('a', '2026-01-02T00:00:00Z'), request)
  const order: string[] = []
  for (let next = waiting.nextFor(opening, POOLS); next; next = waiting.nextFor(opening, POOLS, next))
    order.push(next.key)
  expect(order).toEqual(['a', 'b', 'c'])
  expect(waiting.keys()).toEqual(order)
})

test('who has ceased to wait is not next', () => {
  const waiting = new WaitingServices()
  waiting.set(turn('a'), request)
  waiting.delete('a')
  expect([waiting.nextFor(opening, POOLS), waiting.size, waiting.has('a')]).toEqual([undefined, 0, false])
})

const six = { ...opening, address: Ipv6Address.parse('2001:db8::1') }
const shared = { ...opening, sharing: { key: 'k', backend: '' } }
test.each([
  ['of its family', {}, opening, true],
  ['of another family', {}, six, false],
  ['either family', { families: [4, 6] }, six, true],
  ['shared with its key', { sharing: { key: 'k', backend: '' } }, shared, true],
  ['shared with another key', { sharing: { key: 'j', backend: '' } }, shared, false],
  ['shared, and it shares nothing', {}, shared, false],
  ['of the pool that it asks for', { pool: 'lan' }, opening, true],
  ['of another pool', { pool: 'manual' }, opening, false],
  ['that it asks for', { addresses: [V4] }, opening, true],
  ['that it does not ask for', { addresses: [Ipv4Address.parse('192.0.2.8')] }, opening, false],
  ['of a pool that is not automatic', {}, { ...opening, pool: 'manual' }, false],
  ['of a pool that is not automatic, on request', { pool: 'manual' }, { ...opening, pool: 'manual' }, true],
  ['of a pool for others', {}, { ...opening, pool: 'blue' }, false],
  ['of a pool for others, on request', { pool: 'blue' }, { ...opening, pool: 'blue' }, false],
  ['of a pool that is gone', {}, { ...opening, pool: 'gone' }, false]
] as const)('an opening %s', (_what, change, offered, isNext) => {
  const waiting = new WaitingServices()
  waiting.set(turn('a'), { ...request, ...change })
  expect(waiting.nextFor(offered, POOLS)?.key).toBe(isNext ? 'a' : undefined)
})
