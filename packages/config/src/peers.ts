import type { BGPPeer } from '@clarion-lb/crds'
import { byAge } from './by-age.ts'
import type { BfdProfile, Peer } from './model.ts'
import { checkAddresses, checkIdentity, type PeerSpec, textOrNone } from './peer-checks.ts'
import { parsePassword } from './peer-password.ts'
import { parseTimers } from './peer-timers.ts'
import { refuseTwin } from './peer-twins.ts'
import type { Findings, ProblemList } from './problems.ts'
import type { Labelled, SecretView } from './resources.ts'
import { compileSelectors, selectNames } from './selectors-of.ts'

export interface PeerContext {
  readonly nodes: readonly Labelled[]
  /** Those that can be used. */
  readonly bfdProfiles: readonly BfdProfile[]
  /** Names of all that there are. */
  readonly bfdProfileNames: ReadonlySet<string>
  readonly secrets: ReadonlyMap<string, SecretView>
}

/** The peers that can be used, in the order given. Of two that are the same session on a node the older one stays. */
export function parsePeers(peers: readonly BGPPeer[], context: PeerContext, list: ProblemList): Peer[] {
  const usable = new Map<BGPPeer, Peer>()
  for (const resource of peers.toSorted(byAge)) {
    const findings = list.about('BGPPeer', resource)
    findings.checkSchema('BGPPeer')
    if (resource.spec === undefined) {
      findings.error({ field: 'spec', message: 'is required', remedy: 'say who the peer is' })
    }
    if (findings.hasErrors || resource.spec === undefined) continue
    const peer = parsePeer(resource.spec, context, findings)
    if (!findings.hasErrors) refuseTwin(peer, [...usable.values()], context.nodes.length > 0, findings)
    if (!findings.hasErrors) usable.set(resource, peer)
  }
  return peers.flatMap((resource) => usable.get(resource) ?? [])
}

function parsePeer(spec: PeerSpec, context: PeerContext, findings: Findings): Peer {
  checkIdentity(spec, findings)
  checkAddresses(spec, findings)
  checkBfdProfile(spec, context, findings)
  const isInternal =
    spec.dynamicASN === 'internal' || spec.peerASN === spec.myASN || spec.peerASN === spec.localASN
  return {
    name: findings.name,
    myAsn: spec.myASN,
    peerAsn: spec.dynamicASN ?? spec.peerASN ?? 0,
    localAsn: spec.localASN,
    peerAddress: textOrNone(spec.peerAddress),
    interface: textOrNone(spec.interface),
    sourceAddress: textOrNone(spec.sourceAddress),
    peerPort: spec.peerPort ?? 179,
    ...parseTimers(spec, findings),
    routerId: textOrNone(spec.routerID),
    nodes: selectNames(compileSelectors(spec.nodeSelectors, 'spec.nodeSelectors', findings), context.nodes),
    password: parsePassword(spec, context.secrets, findings),
    bfdProfile: textOrNone(spec.bfdProfile),
    enableGracefulRestart: spec.enableGracefulRestart ?? false,
    ebgpMultiHop: !isInternal && (spec.ebgpMultiHop ?? false),
    vrf: textOrNone(spec.vrf),
    dualStackAddressFamily: spec.dualStackAddressFamily ?? false
  }
}

function checkBfdProfile(
  spec: PeerSpec,
  { bfdProfiles, bfdProfileNames }: PeerContext,
  findings: Findings
): void {
  const wanted = textOrNone(spec.bfdProfile)
  if (wanted === undefined || bfdProfiles.some(({ name }) => name === wanted)) return
  const isThere = bfdProfileNames.has(wanted)
  findings.error({
    field: 'spec.bfdProfile',
    value: wanted,
    message: isThere ? 'this BFDProfile cannot be used' : 'there is no such BFDProfile',
    remedy: isThere ? 'see the problem of the BFDProfile, or name another' : 'create it, or name another',
    acceptedBy: 'metallb'
  })
}
