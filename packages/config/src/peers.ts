import type { BFDProfile, BGPPeer } from '@clarion-lb/crds'
import { tryParseIpAddress } from '@clarion-lb/netaddr'
import { parseDurationMs } from './duration.ts'
import type { BfdProfile, Peer } from './model.ts'
import type { Findings, ProblemList } from './problems.ts'
import type { Labelled, SecretView } from './resources.ts'
import { compileSelectors, selectNames } from './selectors-of.ts'

type PeerSpec = NonNullable<BGPPeer['spec']>

export interface PeerContext {
  readonly nodes: readonly Labelled[]
  readonly bfdProfiles: readonly BfdProfile[]
  readonly secrets: ReadonlyMap<string, SecretView>
}

export function parseBfdProfiles(profiles: readonly BFDProfile[], list: ProblemList): BfdProfile[] {
  return profiles.flatMap((resource) => {
    const findings = list.about('BFDProfile', resource)
    findings.checkSchema('BFDProfile')
    if (findings.hasErrors) return []
    const {
      receiveInterval,
      transmitInterval,
      detectMultiplier,
      echoInterval,
      echoMode = false,
      passiveMode = false,
      minimumTtl
    } = resource.spec ?? {}
    return {
      name: findings.name,
      receiveIntervalMs: receiveInterval,
      transmitIntervalMs: transmitInterval,
      detectMultiplier,
      echoIntervalMs: echoInterval,
      echoMode,
      passiveMode,
      minimumTtl
    }
  })
}

export function parsePeers(peers: readonly BGPPeer[], context: PeerContext, list: ProblemList): Peer[] {
  return peers.flatMap((resource) => {
    const findings = list.about('BGPPeer', resource)
    findings.checkSchema('BGPPeer')
    if (resource.spec === undefined) {
      findings.error({ field: 'spec', message: 'is required', remedy: 'say who the peer is' })
    }
    if (findings.hasErrors || resource.spec === undefined) return []
    const peer = parsePeer(resource.spec, context, findings)
    return findings.hasErrors ? [] : peer
  })
}

function parsePeer(spec: PeerSpec, { nodes, bfdProfiles, secrets }: PeerContext, findings: Findings): Peer {
  checkIdentity(spec, findings)
  checkAddresses(spec, findings)
  if (
    spec.bfdProfile !== undefined &&
    spec.bfdProfile !== '' &&
    !bfdProfiles.some(({ name }) => name === spec.bfdProfile)
  ) {
    findings.error({
      field: 'spec.bfdProfile',
      value: spec.bfdProfile,
      message: 'there is no such BFDProfile, or it cannot be used',
      remedy: 'create it'
    })
  }
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
    nodes: selectNames(compileSelectors(spec.nodeSelectors, 'spec.nodeSelectors', findings), nodes),
    password: parsePassword(spec, secrets, findings),
    bfdProfile: textOrNone(spec.bfdProfile),
    enableGracefulRestart: spec.enableGracefulRestart ?? false,
    ebgpMultiHop: spec.ebgpMultiHop ?? false,
    vrf: textOrNone(spec.vrf),
    dualStackAddressFamily: spec.dualStackAddressFamily ?? false
  }
}

function checkIdentity(spec: PeerSpec, findings: Findings): void {
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
  if (spec.ebgpMultiHop === true && spec.peerASN === spec.myASN) {
    findings.error({
      field: 'spec.ebgpMultiHop',
      value: true,
      message: 'is for external peers, and this one is internal',
      remedy: 'remove it'
    })
  }
  if (spec.disableMP === true) {
    findings.warning({
      field: 'spec.disableMP',
      value: true,
      message: 'has no effect',
      remedy: 'remove it; use dualStackAddressFamily to choose the families of a session'
    })
  }
}

function checkAddresses(spec: PeerSpec, findings: Findings): void {
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
  const routerId = textOrNone(spec.routerID)
  if (routerId !== undefined && tryParseIpAddress(routerId)?.family !== 4) {
    findings.error({
      field: 'spec.routerID',
      value: routerId,
      message: 'is not an IPv4 address',
      remedy: 'a BGP identifier is written as an IPv4 address (RFC 4271 §4.2)'
    })
  }
}

type Timers = Pick<Peer, 'holdTimeMs' | 'keepaliveTimeMs' | 'connectTimeMs'>
const MIN_HOLD_TIME_MS = 3000
const MAX_HOLD_TIME_MS = 65_535_000

/** Of the two timers the one that is absent follows from the other (RFC 4271 §10: a third). */
function parseTimers(spec: PeerSpec, findings: Findings): Timers {
  const [holdMs, keepaliveTimeMs, connectTimeMs] = (
    ['holdTime', 'keepaliveTime', 'connectTime'] as const
  ).map((name) => {
    const text = spec[name]
    const ms = text === undefined ? undefined : parseDurationMs(text)
    if (text !== undefined && ms === undefined)
      findings.error({
        field: `spec.${name}`,
        value: text,
        message: 'is not a duration',
        remedy: 'write it as 90s'
      })
    return ms
  })
  const holdTimeMs = holdMs === undefined ? undefined : nearestHoldTime(holdMs, spec.holdTime, findings)
  const hold = holdTimeMs ?? (keepaliveTimeMs === undefined ? undefined : keepaliveTimeMs * 3)
  const keepalive = keepaliveTimeMs ?? (holdTimeMs === undefined ? undefined : Math.floor(holdTimeMs / 3))
  if (hold !== undefined && keepalive !== undefined && keepalive > hold) {
    findings.error({
      field: 'spec.keepaliveTime',
      value: spec.keepaliveTime,
      message: 'is longer than the hold time',
      remedy: 'use a third of the hold time, or leave it out'
    })
  }
  return { holdTimeMs: hold, keepaliveTimeMs: keepalive, connectTimeMs }
}

function nearestHoldTime(holdTimeMs: number, text: string | undefined, findings: Findings): number {
  const wholeMs = Math.floor(holdTimeMs / 1000) * 1000
  const legalMs = wholeMs === 0 ? 0 : Math.min(Math.max(wholeMs, MIN_HOLD_TIME_MS), MAX_HOLD_TIME_MS)
  const finding = {
    field: 'spec.holdTime',
    value: text,
    message: 'a hold time is 0, or 3 s to 65535 s',
    remedy: 'use a legal one (RFC 4271 §4.2)'
  }
  if (wholeMs > 0 && wholeMs < MIN_HOLD_TIME_MS) findings.error(finding)
  else if (legalMs !== holdTimeMs)
    findings.warning({ ...finding, message: `${finding.message}; ${legalMs / 1000} s is used` })
  return legalMs
}

function parsePassword(
  spec: PeerSpec,
  secrets: ReadonlyMap<string, SecretView>,
  findings: Findings
): string | undefined {
  const plain = textOrNone(spec.password)
  const name = textOrNone(spec.passwordSecret?.name)
  if (plain !== undefined && name !== undefined) {
    findings.error({
      field: 'spec.password',
      message: 'password and passwordSecret exclude each other',
      remedy: 'keep passwordSecret'
    })
  }
  if (name === undefined) return plain
  const field = 'spec.passwordSecret.name'
  const secret = secrets.get(name)
  const encoded = secret?.data?.['password']
  if (secret === undefined)
    findings.error({
      field,
      value: name,
      message: 'there is no such Secret in our namespace',
      remedy: 'create it'
    })
  else if (secret.type !== 'kubernetes.io/basic-auth')
    findings.error({
      field,
      value: name,
      message: `the Secret is of type ${secret.type}`,
      remedy: 'create it with type kubernetes.io/basic-auth'
    })
  else if (encoded === undefined)
    findings.error({ field, value: name, message: 'the Secret has no key `password`', remedy: 'add it' })
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8')
}

function textOrNone(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
