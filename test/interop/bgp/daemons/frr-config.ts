import type { DaemonBfd, DaemonConfig, DaemonPeer, Family } from './daemon.ts'

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
    ...peers.flatMap(peerLines),
    ...FAMILIES.flatMap((family) => familyLines(family, peers, routes)),
    'exit',
    ''
  ].join('\n')
}

/** bfdd.conf: profiles. */
export function frrBfdConfig({ peers }: DaemonConfig): string {
  const profiles = peers.flatMap(({ name, bfd }) =>
    bfd?.profile === undefined ? [] : profileLines(bfd.profile || name, bfd)
  )
  return ['bfd', ...profiles, 'exit', ''].join('\n')
}

function profileLines(profile: string, { intervalMs, multiplier }: DaemonBfd): readonly string[] {
  return [
    ` profile ${profile}`,
    `  transmit-interval ${intervalMs}`,
    `  receive-interval ${intervalMs}`,
    `  detect-multiplier ${multiplier}`,
    ' exit'
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
