import { IpPrefix, IpRange, parseIpAddress } from '@clarion-lb/netaddr'

const range = IpRange.parse('192.0.2.10 - 192.0.2.17')
console.log(range.size, range.toPrefixes().join(' '))
// prints: 8n 192.0.2.10/31 192.0.2.12/30 192.0.2.16/31

const prefix = IpPrefix.parse('2001:db8::7/64', { hostBits: 'mask' })
console.log(prefix.toString(), prefix.contains(parseIpAddress('2001:DB8::0:1')))
// prints: 2001:db8::/64 true

try {
  parseIpAddress('010.0.0.1')
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
}
// prints: not an IP address: "010.0.0.1"
