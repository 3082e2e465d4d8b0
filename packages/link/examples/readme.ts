import { MemoryLink, MemorySegment } from '@clarion-lb/link'
import { Ipv4Address, MacAddress } from '@clarion-lb/netaddr'

const segment = new MemorySegment({ delivery: 'manual' })
const eth0 = { name: 'eth0', segment, mac: MacAddress.parse('02:00:00:00:00:0a') }
const asker = new MemoryLink({ interfaces: [eth0], onFrame: () => undefined })
const responder = new MemoryLink({
  interfaces: [{ ...eth0, mac: MacAddress.parse('02:00:00:00:00:0b') }],
  onFrame: (frame, index) =>
    console.log(`${frame.length} bytes on ${responder.interfaces().get(index)?.name}`)
})
for (const link of [asker, responder]) link.start()
responder.setInterest({ interfaces: [1], arpAddresses: [Ipv4Address.parse('192.0.2.1')], ndpAddresses: [] })

const whoHas = 'ffffffffffff02000000000a0806000108000604000102000000000ac0000209000000000000c0000201'
console.log(asker.send(1, Buffer.from(whoHas, 'hex')))
// prints: sent
segment.deliver()
// prints: 42 bytes on eth0
