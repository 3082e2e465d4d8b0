import { once } from 'node:events'
import { BgpSpeaker } from '@clarion-lb/bgp'
import { IpPrefix, Ipv4Address } from '@clarion-lb/netaddr'

const ip = (text: string) => Ipv4Address.parse(text)
const localhost = ip('127.0.0.1')
const listen = [{ address: localhost, port: 0 }]
const router = new BgpSpeaker({ asn: 64500, bgpIdentifier: ip('192.0.2.1'), listen })
const node = router.addPeer({ name: 'node', address: localhost, asn: 64501, isPassive: true })
await router.start()

const speaker = new BgpSpeaker({ asn: 64501, bgpIdentifier: ip('192.0.2.2') })
const port = router.ports[0] ?? 179
const peer = speaker.addPeer({ name: 'router', address: localhost, port, asn: 64500 })
peer.setAdvertisements([
  { prefix: IpPrefix.parse('203.0.113.7/32'), attributes: { communities: [0xfbf50001] } }
])

node.on('update', ({ reached, attributes }) => {
  for (const { prefixes, nextHop } of reached)
    console.log(`${prefixes.join()} by ${nextHop.global.toString()}`, attributes?.communities)
})
// prints: 203.0.113.7/32 by 127.0.0.1 [ 4227137537 ]
node.on('closed', ({ by, message }) => console.log(by, message))
// prints: peer Cease/Administrative Shutdown: "good night"
await speaker.start()
await once(node, 'update')
await speaker.stop({ mode: 'shutdown', text: 'good night' })
await router.stop()
