import { IpPrefix, Ipv4Address } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { formatRouteCommand, ReceivedRoutes } from './received-routes.ts'

const PREFIX = IpPrefix.parse('203.0.113.1/32')

function reach(nextHop: string): Parameters<ReceivedRoutes['update']>[1] {
  return { withdrawn: [], reached: [{ nextHop: { global: Ipv4Address.parse(nextHop) }, prefixes: [PREFIX] }] }
}

test('a route has a next hop of each peer that told of it, until that one withdraws it or is gone', () => {
  const routes = new ReceivedRoutes()
  expect(routes.update('a', reach('192.0.2.1'))).toEqual([
    { prefix: '203.0.113.1/32', nextHops: ['192.0.2.1'] }
  ])
  expect(routes.update('b', reach('192.0.2.2'))).toEqual([
    { prefix: '203.0.113.1/32', nextHops: ['192.0.2.1', '192.0.2.2'] }
  ])
  expect(routes.update('b', reach('192.0.2.2'))).toEqual([])
  expect(routes.forget('a')).toEqual([{ prefix: '203.0.113.1/32', nextHops: ['192.0.2.2'] }])
  expect(routes.forget('a')).toEqual([])
  expect(routes.update('b', { withdrawn: [PREFIX], reached: [] })).toEqual([
    { prefix: '203.0.113.1/32', nextHops: [] }
  ])
})

test.each([
  [[], 'route flush 203.0.113.1/32 proto bgp'],
  [['192.0.2.1'], 'route replace 203.0.113.1/32 proto bgp nexthop via 192.0.2.1'],
  [
    ['192.0.2.1', '192.0.2.2'],
    'route replace 203.0.113.1/32 proto bgp nexthop via 192.0.2.1 nexthop via 192.0.2.2'
  ]
])('next hops %j are one command', (nextHops, command) => {
  expect(formatRouteCommand({ prefix: '203.0.113.1/32', nextHops })).toBe(command)
})
