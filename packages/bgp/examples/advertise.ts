// Advertises a route to a router: node examples/advertise.ts ADDRESS ASN [OWN_ASN [PREFIX …]]
import { once } from 'node:events'
import { BgpSpeaker } from '@clarion-lb/bgp'
import { IpPrefix, Ipv4Address, parseIpAddress } from '@clarion-lb/netaddr'

const [address = '192.0.2.1', asn = '64500', ownAsn = '64501', ...prefixes] = process.argv.slice(2)
const speaker = new BgpSpeaker({ asn: Number(ownAsn), bgpIdentifier: Ipv4Address.parse('192.0.2.2') })
const { BGP_PASSWORD: password, BGP_TTL_SECURITY: hops } = process.env
const peer = speaker.addPeer({
  name: 'router',
  address: parseIpAddress(address),
  asn: Number(asn),
  ...(password === undefined ? {} : { password }),
  ...(hops === undefined ? {} : { ttlSecurityHops: Number(hops) })
})
const wanted = prefixes.length === 0 ? ['203.0.113.7/32'] : prefixes
peer.setAdvertisements(wanted.map((prefix) => ({ prefix: IpPrefix.parse(prefix) })))
peer.on('stateChange', (state, previous) => console.log(`${previous} → ${state}`))
peer.on('closed', ({ by, message }) => console.log(`closed by ${by}: ${message}`))

await speaker.start()
console.log('advertising until ^C')
await once(process, 'SIGINT')
await speaker.stop({ mode: 'shutdown', text: 'stopped by hand' })
