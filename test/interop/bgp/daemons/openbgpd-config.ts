import type { DaemonConfig, DaemonPeer } from './daemon.ts'

/** bgpd.conf of OpenBGPD. */
export function openbgpdConfig({ asn, routerId, peers, routes }: DaemonConfig, socket: string): string {
  return [
    `AS ${asn}`,
    `router-id ${routerId}`,
    `socket "${socket}"`,
    'fib-update no',
    ...routes.map((prefix) => `network ${prefix}`),
    ...peers.flatMap(peerLines),
    'allow from any',
    'deny to any',
    ...routes.map((prefix) => `allow to any prefix ${prefix}`),
    ''
  ].join('\n')
}

function peerLines(peer: DaemonPeer): readonly string[] {
  const announced = ([4, 6] as const).map(
    (family) => `  announce IPv${family} ${peer.families.includes(family) ? 'unicast' : 'none'}`
  )
  return [
    `neighbor ${peer.address ?? ''} {`,
    `  descr "${peer.name}"`,
    `  remote-as ${peer.asn}`,
    `  local-address ${peer.localAddress ?? ''}`,
    `  holdtime ${peer.holdTimeS}`,
    ...announced,
    '  announce restart yes',
    '  announce enhanced refresh yes',
    ...(peer.isPassive === true ? ['  passive'] : []),
    ...(peer.password === undefined ? [] : [`  tcp md5sig password "${peer.password}"`]),
    ...(peer.hasTtlSecurity === true ? ['  ttl-security yes'] : []),
    ...(peer.maxPrefixes === undefined ? [] : [`  max-prefix ${peer.maxPrefixes} restart 1`]),
    '}'
  ]
}
