import type { BgpCloseReason, BgpPeerStatus } from '@clarion-lb/bgp'
import type { PeerBfd } from './peer-bfd.ts'
import type { PeerState, WantedPeer } from './sessions-messages.ts'

/** What is known of a peer, from its sessions. */
export function stateOf({
  wanted,
  peer,
  bfd
}: {
  readonly wanted: WantedPeer
  readonly peer: { status(): Pick<BgpPeerStatus, 'state' | 'lastClose' | 'families'> }
  readonly bfd: Pick<PeerBfd, 'state' | 'problem'>
}): PeerState {
  const { state, lastClose, families } = peer.status()
  const withheld = wanted.families.flatMap((family) => {
    const why = families[family].withheld
    return why === undefined || families[family].wanted === 0
      ? []
      : `IPv${family} routes are withheld: ${why}`
  })
  const problem = state === 'established' ? withheld.join('; ') : reasonOf(wanted, lastClose)
  return {
    name: wanted.name,
    label: labelOf(wanted),
    vrf: wanted.vrf ?? '',
    bgp: state,
    bfd: bfd.state,
    problem:
      [problem, bfd.problem].filter((text) => text !== undefined && text !== '').join('; ') || undefined
  }
}

/** Packets signed with another password are dropped without a word (RFC 2385 §2): to us it looks as if nobody was there. */
function reasonOf({ password }: WantedPeer, lastClose: BgpCloseReason | undefined): string {
  if (lastClose === undefined) return ''
  const { by, message, wasEstablished, notification } = lastClose
  const isSilence =
    by === 'network' && message === 'no answer' && !wasEstablished && notification === undefined
  return isSilence && password !== undefined ? `${message}; is the password the same there?` : message
}

/** Of a peer that there can be no session with. */
export function refusedState(wanted: WantedPeer, error: Error): PeerState {
  return {
    name: wanted.name,
    label: labelOf(wanted),
    vrf: wanted.vrf ?? '',
    bgp: 'idle',
    bfd: undefined,
    problem: error.message
  }
}

function labelOf({ address, interface: name, port }: WantedPeer): string {
  if (address === undefined) return name ?? ''
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}
