import { once } from 'node:events'
import { BgpSpeaker } from '@clarion-lb/bgp'
import { IpPrefix, Ipv4Address } from '@clarion-lb/netaddr'

const ip = (text: string) => Ipv4Address.parse(text)
const router = new BgpSpeaker({
  asn: 64500,
  bgpIdentifier: ip('192.0.2.1'),
  listen: [{ address: ip('127.0.0.1'), port: 0 }]
})
const node = router.addPeer({ name: 'node', address: ip('127.0.0.2'), asn: 64501, isPassive: true })
await router.start()

const speaker = new BgpSpeaker({ asn: 64501, bgpIdentifier: ip('192.0.2.2') })
const address = { address: ip('127.0.0.1'), localAddress: ip('127.0.0.2') }
const peer = speaker.addPeer({ name: 'router', asn: 64500, port: router.ports[0] ?? 179, ...address })
peer.setAdvertisements([
  { prefix: IpPrefix.parse('203.0.113.7/32'), attributes: { communities: [0xfbf50001] } }
])

node.on('update', ({ reached, attributes }) => {
  for (const { prefixes, nextHop } of reached)
    console.log(
      prefixes.join(),
      'by',
      nextHop.global.toString(),
      attributes?.asPath[0]?.asns,
      attributes?.communities
    )
})
// prints: 203.0.113.7/32 by 127.0.0.2 [ 64501 ] [ 4227137537 ]
node.on('closed', ({ by, message }) => console.log(by, message))
// prints: peer Cease/Administrative Shutdown: "good night"
await speaker.start()
await once(node, 'update')
await speaker.stop({ mode: 'shutdown', text: 'good night' })
await router.stop()
