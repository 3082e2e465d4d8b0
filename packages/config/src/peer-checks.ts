import type { BGPPeer } from '@clarion-lb/crds'
import { tryParseIpAddress } from '@clarion-lb/netaddr'
import type { Findings } from './problems.ts'

export type PeerSpec = NonNullable<BGPPeer['spec']>

export function checkIdentity(spec: PeerSpec, findings: Findings): void {
  if (spec.myASN === 0)
    findings.error({
      field: 'spec.myASN',
      value: 0,
      message: 'is not an autonomous system number',
      remedy: 'use 1 to 4294967295'
    })
  const hasNumber = spec.peerASN !== undefined && spec.peerASN !== 0
  if (hasNumber === (spec.dynamicASN !== undefined)) {
    findings.error({
      field: 'spec.peerASN',
      value: spec.peerASN,
      message: 'exactly one of peerASN and dynamicASN is needed',
      remedy: hasNumber ? 'remove one of them' : 'set one of them'
    })
  }
  const hasAddress = textOrNone(spec.peerAddress) !== undefined
  if (hasAddress === (textOrNone(spec.interface) !== undefined)) {
    findings.error({
      field: 'spec.peerAddress',
      value: spec.peerAddress,
      message: 'exactly one of peerAddress and interface is needed',
      remedy: hasAddress ? 'remove one of them' : 'set one of them'
    })
  }
  checkKindOfPeer(spec, findings)
  if (spec.disableMP === true) {
    findings.warning({
      field: 'spec.disableMP',
      value: true,
      message: 'has no effect',
      remedy: 'remove it; use dualStackAddressFamily to choose the families of a session'
    })
  }
}

/** Internal peers have our number: `localASN` is ours as the peer sees it. */
function checkKindOfPeer(
  { myASN, peerASN, localASN, dynamicASN, ebgpMultiHop }: PeerSpec,
  findings: Findings
): void {
  const isInternal = dynamicASN === 'internal' || (localASN !== undefined && peerASN === localASN)
  if (ebgpMultiHop === true && (peerASN === myASN || isInternal)) {
    const finding = {
      field: 'spec.ebgpMultiHop',
      value: true,
      message: 'is for external peers, and this one is internal',
      remedy: 'remove it'
    }
    if (peerASN === myASN) findings.error(finding)
    else findings.warning({ ...finding, message: `${finding.message}; it has no effect` })
  }
  if (localASN === undefined) return
  const finding = { field: 'spec.localASN', value: localASN, remedy: 'remove it' }
  if (localASN === myASN) findings.warning({ ...finding, message: 'is the same as myASN; it has no effect' })
  else if (localASN === peerASN) {
    findings.warning({
      ...finding,
      message: 'is the same as peerASN, which makes the peer internal',
      remedy: 'remove it if the peer is external'
    })
  }
}

export function checkAddresses(spec: PeerSpec, findings: Findings): void {
  for (const name of ['peerAddress', 'sourceAddress'] as const) {
    const text = textOrNone(spec[name])
    if (text !== undefined && tryParseIpAddress(text) === undefined) {
      findings.error({
        field: `spec.${name}`,
        value: text,
        message: 'is not an IP address',
        remedy: 'write an IPv4 or IPv6 address'
      })
    }
  }
  const [peer, source] = [spec.peerAddress, spec.sourceAddress].map((text) => tryParseIpAddress(text ?? ''))
  if (peer !== undefined && source !== undefined && peer.family !== source.family) {
    findings.error({
      field: 'spec.sourceAddress',
      value: source.toString(),
      message: 'is of another family than peerAddress',
      remedy: 'use addresses of one family, or remove it',
      acceptedBy: 'metallb'
    })
  }
  const routerId = textOrNone(spec.routerID)
  const isZero = routerId === '0.0.0.0'
  if (routerId !== undefined && (isZero || tryParseIpAddress(routerId)?.family !== 4)) {
    findings.error({
      field: 'spec.routerID',
      value: routerId,
      message: isZero ? 'is not a BGP identifier' : 'is not an IPv4 address',
      remedy: 'a BGP identifier is written as an IPv4 address, and is not 0.0.0.0 (RFC 6286 §2.1)',
      ...(isZero ? { acceptedBy: 'metallb' } : {})
    })
  }
}

export function textOrNone(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
