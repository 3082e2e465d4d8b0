import type { BGPPeer, BGPPeerSpecV1beta1, BGPPeerSpecV1beta2, BGPPeerV1beta1 } from './kinds/peers.ts'

/** Where a v1beta1 object keeps the fields that only v1beta2 has, so that a round trip loses nothing. */
const KEPT_FIELDS = 'clarion.io/bgppeer-v1beta2-fields'
const SHARED_FIELDS = [
  'myASN',
  'peerASN',
  'peerAddress',
  'sourceAddress',
  'peerPort',
  'holdTime',
  'keepaliveTime',
  'routerID',
  'nodeSelectors',
  'password',
  'bfdProfile',
  'ebgpMultiHop'
] as const

/** What v1beta1 means in v1beta2: what is unset stays unset, and a port of 0 is the default one. */
export function convertBgpPeerToV1beta2(peer: BGPPeerV1beta1): BGPPeer {
  const { [KEPT_FIELDS]: kept, ...annotations } = peer.metadata?.annotations ?? {}
  const { peerPort, ...spec } = peer.spec ?? { myASN: 0, peerASN: 0, peerAddress: '' }
  const restored: BGPPeerSpecV1beta2 = {
    ...spec,
    ...(peerPort === undefined ? {} : { peerPort: peerPort === 0 ? 179 : peerPort }),
    ...parseKept(kept)
  }
  // Unnumbered peers and dynamic numbers cannot be said in v1beta1, where these fields are required.
  const { peerASN, peerAddress, ...rest } = restored
  const converted = {
    ...rest,
    ...(peerASN === 0 || peerASN === undefined ? {} : { peerASN }),
    ...(peerAddress === '' || peerAddress === undefined ? {} : { peerAddress })
  }
  return {
    ...peer,
    apiVersion: 'metallb.io/v1beta2',
    metadata: { ...peer.metadata, annotations },
    spec: converted,
    status: {}
  }
}

/** The same peer as v1beta1 can say it; the rest is kept in an annotation. */
export function convertBgpPeerToV1beta1(peer: BGPPeer): BGPPeerV1beta1 {
  const entries = Object.entries(peer.spec ?? {})
  const isShared = ([name]: [string, unknown]): boolean => SHARED_FIELDS.some((field) => field === name)
  const kept = Object.fromEntries(entries.filter((entry) => !isShared(entry)))
  const annotations = {
    ...peer.metadata?.annotations,
    ...(Object.keys(kept).length === 0 ? {} : { [KEPT_FIELDS]: JSON.stringify(kept) })
  }
  // Every shared field has one meaning in both versions; those that v1beta1 requires are filled in.
  const shared = Object.fromEntries(entries.filter(isShared)) as Partial<BGPPeerSpecV1beta1>
  const spec: BGPPeerSpecV1beta1 = { myASN: 0, peerASN: 0, peerAddress: '', ...shared }
  return {
    ...peer,
    apiVersion: 'metallb.io/v1beta1',
    metadata: { ...peer.metadata, annotations },
    spec,
    status: {}
  }
}

function parseKept(text: string | undefined): Partial<BGPPeerSpecV1beta2> {
  if (text === undefined) return {}
  try {
    // Written by the function above; somebody else's edit is checked with the rest of the object.
    const kept: unknown = JSON.parse(text)
    return typeof kept === 'object' && kept !== null && !Array.isArray(kept)
      ? (kept as Partial<BGPPeerSpecV1beta2>)
      : {}
  } catch {
    return {}
  }
}
