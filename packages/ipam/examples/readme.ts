import { Ipam } from '@clarion-lb/ipam'
import { IpRange, parseIpAddress } from '@clarion-lb/netaddr'

const ipam = new Ipam<{ team: string }>()
ipam.setPools([
  { name: 'lan', ranges: [IpRange.parse('192.0.2.10-192.0.2.11'), IpRange.parse('2001:db8::/64')] },
  {
    name: 'vip',
    ranges: [IpRange.parse('198.51.100.0/24')],
    reservation: {
      priority: 1,
      admit: ({ team }) =>
        team === 'core' ? { admits: 'automatic' } : { admits: 'never', because: 'for team core only' }
    }
  }
])

const shop = { key: 'shop', requester: { team: 'web' } }
const pair = ipam.allocate({ ...shop, families: { stack: 'dual' } })
if (pair.outcome === 'allocated') console.log(pair.allocation.addresses.join(' '))
// prints: 192.0.2.10 2001:db8::

ipam.assign({ key: 'mail', requester: { team: 'web' }, addresses: [parseIpAddress('192.0.2.11')] })
const third = ipam.allocate({ ...shop, key: 'third', families: { stack: 'single', family: 4 } })
if (third.outcome === 'refused') console.log(third.refusal.message)
// prints: no IPv4 address available: pool "lan": full (2 of 2 IPv4 addresses in use); pool "vip": for team core only

console.log(ipam.release('mail')?.openings[0]?.address.toString(), ipam.usage('lan')?.ipv4.available)
// prints: 192.0.2.11 1n
