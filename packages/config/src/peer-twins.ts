import { tryParseIpAddress } from '@clarion-lb/netaddr'
import type { Peer } from './model.ts'
import type { Findings } from './problems.ts'

/**
 * Notes that an older peer has the name, or is the same session on a node that both are for. Sessions are compared by
 * what they connect to, however it is written: address or interface, VRF and port.
 */
export function refuseTwin(
  peer: Peer,
  older: readonly Peer[],
  areNodesKnown: boolean,
  findings: Findings
): void {
  const namesake = older.find(({ name }) => name === peer.name)
  if (namesake !== undefined) {
    findings.error({
      field: 'metadata.name',
      value: peer.name,
      message: 'another peer has this name',
      remedy: 'rename one of them'
    })
    return
  }
  const session = sessionOf(peer)
  const twin = older.find(
    (other) => sessionOf(other) === session && (!areNodesKnown || sharesNode(peer, other))
  )
  if (twin === undefined) return
  findings.error({
    field: peer.peerAddress === undefined ? 'spec.interface' : 'spec.peerAddress',
    value: peer.peerAddress ?? peer.interface,
    message: `BGPPeer ${twin.name} is the same session on a node that both are for`,
    remedy: 'remove one of them, or separate them by nodeSelectors',
    acceptedBy: 'metallb-native'
  })
}

function sessionOf({ peerAddress, interface: name, vrf, peerPort }: Peer): string {
  const address = peerAddress === undefined ? undefined : tryParseIpAddress(peerAddress)
  return JSON.stringify([address?.toString(), name, vrf, peerPort])
}

function sharesNode(a: Peer, b: Peer): boolean {
  return [...a.nodes].some((name) => b.nodes.has(name))
}
