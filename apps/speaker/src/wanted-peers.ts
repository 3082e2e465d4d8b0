import type { BfdProfile, Config, Peer } from '@clarion-lb/config'
import { parseIpAddress } from '@clarion-lb/netaddr'
import { pick } from '@clarion-lb/runtime'
import type { WantedBfd, WantedPeer } from './plane/sessions-messages.ts'

/** The peers that a node has sessions with. */
export function wantedPeersOf(
  { peers, bfdProfiles }: Pick<Config, 'peers' | 'bfdProfiles'>,
  node: string
): readonly WantedPeer[] {
  return peers
    .filter(({ nodes }) => nodes.has(node))
    .map((peer) =>
      wantedPeerOf(
        peer,
        bfdProfiles.find(({ name }) => name === peer.bfdProfile)
      )
    )
}

function wantedPeerOf(peer: Peer, profile: BfdProfile | undefined): WantedPeer {
  const { name, myAsn, localAsn = myAsn, peerAsn, peerAddress, peerPort, ebgpMultiHop } = peer
  return {
    name,
    localAsn,
    asn: peerAsn,
    port: peerPort,
    isMultihop: ebgpMultiHop,
    families: familiesOf(peer),
    hasGracefulRestart: peer.enableGracefulRestart,
    ...(peerAddress === undefined ? {} : { address: peerAddress }),
    ...pick(peer, 'interface', 'sourceAddress', 'vrf', 'routerId', 'password'),
    ...pick(peer, 'holdTimeMs', 'connectTimeMs'),
    // 0 goes with a hold time of 0, which turns keepalives off by itself.
    ...(peer.keepaliveTimeMs === 0 ? {} : pick(peer, 'keepaliveTimeMs')),
    ...(profile === undefined ? {} : { bfd: wantedBfdOf(profile) })
  }
}

/** One family unless both are asked for, or the peer has no address that could tell. */
function familiesOf({ peerAddress, dualStackAddressFamily }: Peer): WantedPeer['families'] {
  if (dualStackAddressFamily || peerAddress === undefined) return [4, 6]
  return [parseIpAddress(peerAddress).family]
}

function wantedBfdOf(profile: BfdProfile): WantedBfd {
  return {
    profile: profile.name,
    passiveMode: profile.passiveMode,
    ...pick(profile, 'receiveIntervalMs', 'transmitIntervalMs', 'detectMultiplier', 'minimumTtl')
  }
}
