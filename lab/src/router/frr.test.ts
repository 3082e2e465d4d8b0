import { expect, test } from 'vitest'
import { parseEstablished } from './frr.ts'
import { buildBfddConfig, buildBgpdConfig } from './frr-config.ts'
import type { RouterConfig } from './router.ts'

const CONFIG: RouterConfig = {
  asn: 64501,
  routerId: '192.0.2.2',
  peers: [
    {
      name: 'node_1_ipv4',
      address: '192.0.2.11',
      localAddress: '192.0.2.2',
      asn: 64500,
      bfd: { intervalMs: 100, multiplier: 3 }
    },
    { name: 'node_1_ipv6', address: '2001:db8::11', localAddress: '2001:db8::2', asn: 64500 }
  ]
}

test('a peer is a member of the family of its address, and has BFD if it is to have it', () => {
  const config = buildBgpdConfig(CONFIG)
  expect(config).toContain(' neighbor 192.0.2.11 bfd profile node_1_ipv4')
  expect(config).not.toContain('2001:db8::11 bfd')
  expect(config).toContain('address-family ipv4 unicast\n  maximum-paths 64\n  neighbor 192.0.2.11 activate')
  expect(config).toContain(
    'address-family ipv6 unicast\n  maximum-paths 64\n  neighbor 2001:db8::11 activate'
  )
  expect(buildBfddConfig(CONFIG).match(/profile \S+/g)).toEqual(['profile node_1_ipv4'])
})

test('established neighbours are those that say so', () => {
  const shown = '{"192.0.2.11":{"bgpState":"Established"},"192.0.2.12":{"bgpState":"Active"},"vrf":{}}'
  expect(parseEstablished(shown)).toEqual(['192.0.2.11'])
})
