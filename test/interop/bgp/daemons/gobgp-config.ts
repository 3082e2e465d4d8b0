import type { DaemonConfig, DaemonPeer, Family } from './daemon.ts'

const NAME = { 4: 'ipv4-unicast', 6: 'ipv6-unicast' } as const

/** gobgpd.toml. */
export function gobgpConfig({ asn, routerId, peers }: DaemonConfig): string {
  return [
    '[global.config]',
    `as = ${asn}`,
    `router-id = "${routerId}"`,
    'local-address-list = ["0.0.0.0", "::"]',
    ...peers.flatMap(peerLines),
    ''
  ].join('\n')
}

function peerLines(peer: DaemonPeer): readonly string[] {
  return [
    '[[neighbors]]',
    '[neighbors.config]',
    `neighbor-address = "${peer.address ?? ''}"`,
    `peer-as = ${peer.asn}`,
    ...(peer.password === undefined ? [] : [`auth-password = "${peer.password}"`]),
    '[neighbors.transport.config]',
    `local-address = "${peer.localAddress ?? ''}"`,
    `passive-mode = ${peer.isPassive === true}`,
    '[neighbors.timers.config]',
    `hold-time = ${peer.holdTimeS}`,
    `keepalive-interval = ${Math.max(1, Math.floor(peer.holdTimeS / 3))}`,
    'connect-retry = 1',
    '[neighbors.graceful-restart.config]',
    'enabled = true',
    'notification-enabled = true',
    'restart-time = 120',
    ...(peer.hasTtlSecurity === true
      ? ['[neighbors.ttl-security.config]', 'enabled = true', 'ttl-min = 255']
      : []),
    ...peer.families.flatMap((family) => familyLines(peer, family))
  ]
}

function familyLines(peer: DaemonPeer, family: Family): readonly string[] {
  return [
    '[[neighbors.afi-safis]]',
    '[neighbors.afi-safis.config]',
    `afi-safi-name = "${NAME[family]}"`,
    '[neighbors.afi-safis.mp-graceful-restart.config]',
    'enabled = true',
    ...(peer.maxPrefixes === undefined
      ? []
      : ['[neighbors.afi-safis.prefix-limit.config]', `max-prefixes = ${peer.maxPrefixes}`])
  ]
}
