import type { DaemonBfd, DaemonBfdPeer, DaemonConfig, DaemonPeer, Family } from './daemon.ts'

const AFI = { 4: 'ipv4', 6: 'ipv6' } as const
const FAMILIES: readonly Family[] = [4, 6]

/** bgpd.conf. */
export function frrBgpConfig({ asn, routerId, peers, routes }: DaemonConfig): string {
  return [
    'frr defaults datacenter',
    ...FAMILIES.map((family) => {
      const own = routes.filter((prefix) => prefix.includes(':') === (family === 6))
      const word = family === 4 ? 'ip' : 'ipv6'
      return own.map((prefix, i) => `${word} prefix-list SENT${family} seq ${i + 1} permit ${prefix}`)
    }).flat(),
    `router bgp ${asn}`,
    ` bgp router-id ${routerId}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp default ipv4-unicast',
    ' no bgp network import-check',
    ' bgp graceful-restart notification',
    ' timers bgp 30 90',
    ' coalesce-time 10',
    ...peers.flatMap(peerLines),
    ...FAMILIES.flatMap((family) => familyLines(family, peers, routes)),
    'exit',
    ''
  ].join('\n')
}

/** bfdd.conf: profiles, and sessions that belong to nobody. */
export function frrBfdConfig({ peers, bfdPeers = [] }: DaemonConfig): string {
  const profiles = new Map<string, DaemonBfd>()
  for (const bfd of [...peers.map((peer) => peer.bfd), ...bfdPeers])
    if (bfd?.profile !== undefined) profiles.set(bfd.profile, bfd)
  return [
    'bfd',
    ...[...profiles].flatMap(([name, bfd]) => profileLines(name, bfd)),
    ...bfdPeers.flatMap((peer) => [
      ` ${frrBfdPeer(peer)}`,
      ...(peer.profile === undefined ? timingLines(peer) : [`  profile ${peer.profile}`]),
      '  no shutdown',
      ' exit'
    ]),
    'exit',
    ''
  ].join('\n')
}

/** What opens the section of a session. */
export function frrBfdPeer({ address, localAddress, hops }: DaemonBfdPeer): string {
  const device = hops === 'multi' ? '' : ' interface e0'
  return `peer ${address}${hops === 'multi' ? ' multihop' : ''} local-address ${localAddress}${device}`
}

function profileLines(profile: string, bfd: DaemonBfd): readonly string[] {
  return [` profile ${profile}`, ...timingLines(bfd), ' exit']
}

function timingLines({ intervalMs, multiplier }: DaemonBfd): readonly string[] {
  return [
    `  transmit-interval ${intervalMs}`,
    `  receive-interval ${intervalMs}`,
    `  detect-multiplier ${multiplier}`
  ]
}

function peerLines(peer: DaemonPeer): readonly string[] {
  const name = nameOf(peer)
  const { bfd } = peer
  const isMultihop = bfd?.hops === 'multi'
  const lines = [
    peer.interface === undefined ? `remote-as ${peer.asn}` : 'interface remote-as external',
    `timers ${Math.max(1, Math.floor(peer.holdTimeS / 3))} ${peer.holdTimeS}`,
    'timers connect 1',
    ...(peer.localAddress === undefined ? [] : [`update-source ${peer.localAddress}`]),
    ...(peer.isPassive === true ? ['passive'] : []),
    ...(peer.password === undefined ? [] : [`password ${peer.password}`]),
    ...(peer.hasTtlSecurity === true ? ['ttl-security hops 1'] : []),
    ...(peer.hasExtendedNextHop === true ? ['capability extended-nexthop'] : []),
    ...(isMultihop ? ['ebgp-multihop 4'] : []),
    ...(bfd === undefined
      ? []
      : bfd.profile === undefined
        ? [`bfd ${bfd.multiplier} ${bfd.intervalMs} ${bfd.intervalMs}`]
        : [`bfd profile ${bfd.profile}`])
  ]
  return lines.map((line) => ` neighbor ${name} ${line}`)
}

function familyLines(
  family: Family,
  peers: readonly DaemonPeer[],
  routes: readonly string[]
): readonly string[] {
  const own = routes.filter((prefix) => prefix.includes(':') === (family === 6))
  const members = peers.filter(({ families }) => families.includes(family))
  return [
    ` address-family ${AFI[family]} unicast`,
    ...own.map((prefix) => `  network ${prefix}`),
    '  maximum-paths 16',
    ...members.flatMap((peer) => [
      `  neighbor ${nameOf(peer)} activate`,
      `  neighbor ${nameOf(peer)} prefix-list SENT${family} out`,
      ...(peer.maxPrefixes === undefined
        ? []
        : [`  neighbor ${nameOf(peer)} maximum-prefix ${peer.maxPrefixes} restart 1`])
    ]),
    ' exit-address-family'
  ]
}

function nameOf(peer: DaemonPeer): string {
  return peer.interface ?? peer.address ?? ''
}
