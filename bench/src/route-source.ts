// A BGP speaker with many host routes, half of them IPv4 and half IPv6, all with the same attributes. It says when it has
// them, and connects anew whenever it is told to. Usage: route-source.js OPTIONS-AS-JSON
import { BgpSpeaker } from '@clarion-lb/bgp'
import { IpPrefix, Ipv4Address, Ipv6Address, parseIpAddress } from '@clarion-lb/netaddr'

export interface RouteSourceOptions {
  readonly asn: number
  readonly bgpIdentifier: string
  readonly peerAsn: number
  /** Routes of each family. */
  readonly count: number
  /** A session over IPv4 for the IPv4 routes, one over IPv6 for the others. */
  readonly sessions: readonly { readonly localAddress: string; readonly address: string }[]
}

const FIRST_IPV4 = Ipv4Address.parse('10.0.0.0').toNumber()
const FIRST_IPV6 = Ipv6Address.parse('2001:db8:1::').toBigInt()
const ATTRIBUTES = { communities: [0xfbf5_0001] }

main(JSON.parse(process.argv[2] ?? '{}'))

function main({ asn, bgpIdentifier, peerAsn, count, sessions }: RouteSourceOptions): void {
  const speaker = new BgpSpeaker({ asn, bgpIdentifier: Ipv4Address.parse(bgpIdentifier) })
  for (const { localAddress, address } of sessions) {
    const remote = parseIpAddress(address)
    const peer = speaker.addPeer({
      name: address,
      address: remote,
      localAddress: parseIpAddress(localAddress),
      asn: peerAsn,
      families: [remote.family],
      connectRetryMs: 1000
    })
    peer.setAdvertisements(
      Array.from({ length: count }, (_, i) => ({
        prefix:
          remote.family === 4
            ? IpPrefix.of(Ipv4Address.fromNumber(FIRST_IPV4 + i), 32)
            : IpPrefix.of(Ipv6Address.fromBigInt(FIRST_IPV6 + BigInt(i)), 128),
        attributes: ATTRIBUTES
      }))
    )
  }
  // Again for each round: who was ended often waits longer and longer otherwise.
  process.on('message', () => void speaker.stop({ mode: 'restart' }).then(async () => speaker.start()))
  process.once('SIGTERM', () => process.exit())
  process.send?.({ type: 'ready' })
}
