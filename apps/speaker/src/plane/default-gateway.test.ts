import { expect, test } from 'vitest'
import { defaultGatewayOf } from './default-gateway.ts'

// As Linux 6.18 prints them on a little-endian machine.
const IPV4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth1	00000000	FE02000A	0003	0	0	200	00000000	0	0	0
eth0	00000000	0164A8C0	0003	0	0	100	00000000	0	0	0
eth0	0064A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
`
const IPV6 = `00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth2
fd000c1a010000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`
const brief = (ipv4: string, ipv6: string): string | undefined => {
  const gateway = defaultGatewayOf(ipv4, ipv6)
  return gateway === undefined ? undefined : `${gateway.address.toString()} ${gateway.interface}`
}

test.each([
  ['the smallest metric of IPv4', IPV4, IPV6, '192.168.100.1 eth0'],
  ['IPv6 alone', '', IPV6, 'fe80::1 eth2'],
  ['routes without a gateway, or that reject', '', IPV6.split('\n').slice(1).join('\n'), undefined],
  ['nonsense', 'Iface\nx y z', 'a b', undefined]
])('%s', (_what, ipv4, ipv6, expected) => {
  expect(brief(ipv4, ipv6)).toBe(expected)
})
