import { IpPrefix, Ipv4Address } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import type { UpdateMessage } from './messages/model.ts'
import { PrefixCount } from './prefix-count.ts'

function update(reached: readonly string[], withdrawn: readonly string[] = []): UpdateMessage {
  const [routes, gone] = [reached, withdrawn].map((texts) => texts.map((text) => IpPrefix.parse(text)))
  const prefixes = routes ?? []
  return {
    type: 'update',
    withdrawn: gone ?? [],
    reached: prefixes.length === 0 ? [] : [{ nextHop: { global: Ipv4Address.parse('192.0.2.1') }, prefixes }],
    attributes: undefined,
    endOfRib: undefined,
    problems: []
  }
}

test.each([undefined, 100])(
  'a prefix that is told again, or taken back twice, counts once; limit %s',
  (limit) => {
    const count = new PrefixCount(limit)
    count.add(update(['192.0.2.0/24', '198.51.100.0/24']))
    count.add(update(['192.0.2.0/24']))
    count.add(update(['192.0.2.0/24']))
    expect(count.count(4)).toBe(2)
    count.add(update([], ['192.0.2.0/24', '203.0.113.0/24']))
    count.add(update([], ['192.0.2.0/24']))
    expect(count.count(4)).toBe(1)
    expect(count.count(6)).toBe(0)
  }
)
