import { ANNOUNCEMENT_DELAYS_MS, ArpResponder, encodeAnnouncement } from '@clarion-lb/arp'
import { Ipv4Address, MacAddress } from '@clarion-lb/netaddr'

const mac = MacAddress.parse('02:00:00:00:00:0a')
const address = Ipv4Address.parse('192.0.2.1')
const responder = new ArpResponder({
  mac,
  onConflict: (conflict) => console.log(`${conflict.mac.toString()} claims it, too`)
})
responder.add(address)

const [request, reply] = encodeAnnouncement(mac, address)
console.log(`${request.length + reply.length} bytes to send at ${ANNOUNCEMENT_DELAYS_MS.join(', ')} ms`)
// prints: 120 bytes to send at 0, 150, 600, 1200, 2400, 4800 ms

const whoHas = 'ffffffffffff02000000000908060001080006040001020000000009c0000209000000000000c0000201'
const answer = responder.receive(Buffer.from(whoHas, 'hex'), performance.now())
console.log(answer === undefined ? 'nothing' : MacAddress.fromBytes(answer.subarray(6, 12)).toString())
// prints: 02:00:00:00:00:0a
