import {
  decodeNeighborMessage,
  encodeAnnouncement,
  encodeNeighborSolicitation,
  NdpResponder
} from '@clarion-lb/ndp'
import { Ipv6Address, MacAddress } from '@clarion-lb/netaddr'

const mac = MacAddress.parse('02:00:00:00:00:0a')
const address = Ipv6Address.parse('2001:db8::1')
const responder = new NdpResponder({
  mac,
  onConflict: ({ kind, mac: other }) => console.log(`${kind} by ${other.toString()}`)
})
responder.add(address)
console.log(encodeAnnouncement(mac, address).length, 'bytes to all nodes')
// prints: 86 bytes to all nodes

// Somebody is about to use the address: duplicate address detection.
const probe = { mac: MacAddress.parse('02:00:00:00:00:09'), source: Ipv6Address.parse('::'), target: address }
const answer = responder.receive(encodeNeighborSolicitation(probe), performance.now())
// prints: probe by 02:00:00:00:00:09
if (answer !== undefined) console.log(decodeNeighborMessage(answer).destination.toString())
// prints: ff02::1
