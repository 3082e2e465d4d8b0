import type { DaemonBfd, DaemonBfdPeer, DaemonConfig, DaemonPeer, Family } from './daemon.ts'

const CHANNEL = { 4: 'ipv4', 6: 'ipv6' } as const

/** Its name for a session: some words alone are its own. */
export function protocolOf({ name }: DaemonPeer): string {
  return `session_${name}`
}

/** bird.conf. */
export function birdConfig({ asn, routerId, peers, routes, bfdPeers = [] }: DaemonConfig): string {
  return [
    'log stderr all;',
    `router id ${routerId};`,
    'protocol device {}',
    // Next hops are looked up among these.
    'protocol direct { ipv4; ipv6; }',
    ...bfdLines(bfdPeers),
    ...staticLines(routes, 4),
    ...staticLines(routes, 6),
    ...peers.flatMap((peer) => peerLines(asn, peer)),
    ''
  ].join('\n')
}

function staticLines(routes: readonly string[], family: Family): readonly string[] {
  const own = routes.filter((prefix) => prefix.includes(':') === (family === 6))
  return [
    `protocol static own${family} {`,
    `  ${CHANNEL[family]};`,
    ...own.map((prefix) => `  route ${prefix} blackhole;`),
    '}'
  ]
}

function bfdLines(peers: readonly DaemonBfdPeer[]): readonly string[] {
  const timing = ({ intervalMs, multiplier }: DaemonBfd): string =>
    `{ min rx interval ${intervalMs} ms; min tx interval ${intervalMs} ms; multiplier ${multiplier}; };`
  const single = peers.find(({ hops }) => hops === 'single')
  const multi = peers.find(({ hops }) => hops === 'multi')
  return [
    'protocol bfd neighbours {',
    // Its times are those of an interface, or of all that is farther away: the first session's count.
    ...(single === undefined ? [] : [`  interface "e0" ${timing(single)}`]),
    ...(multi === undefined ? [] : [`  multihop ${timing(multi)}`]),
    ...peers.map(({ address, localAddress, hops }) =>
      hops === 'multi'
        ? `  neighbor ${address} local ${localAddress} multihop on;`
        : `  neighbor ${address} dev "e0" local ${localAddress};`
    ),
    '}'
  ]
}

function peerLines(asn: number, peer: DaemonPeer): readonly string[] {
  const { bfd } = peer
  return [
    `protocol bgp ${protocolOf(peer)} {`,
    `  local ${peer.localAddress ?? ''} as ${asn};`,
    `  neighbor ${peer.address ?? ''} as ${peer.asn};`,
    `  hold time ${peer.holdTimeS};`,
    '  connect delay time 1;',
    '  connect retry time 1;',
    '  error wait time 1, 1;',
    '  graceful restart aware;',
    '  enable route refresh on;',
    ...(bfd?.hops === 'multi' ? ['  multihop 4;'] : ['  direct;']),
    ...(peer.isPassive === true ? ['  passive on;'] : []),
    ...(peer.password === undefined ? [] : [`  password "${peer.password}";`]),
    ...(peer.hasTtlSecurity === true ? ['  ttl security on;'] : []),
    ...(bfd === undefined
      ? []
      : [
          '  bfd {',
          `    min rx interval ${bfd.intervalMs} ms;`,
          `    min tx interval ${bfd.intervalMs} ms;`,
          `    multiplier ${bfd.multiplier};`,
          '  };'
        ]),
    ...peer.families.flatMap((family) => channelLines(peer, family)),
    '}'
  ]
}

function channelLines(peer: DaemonPeer, family: Family): readonly string[] {
  return [
    `  ${CHANNEL[family]} {`,
    '    import all;',
    `    export where proto = "own${family}";`,
    '    next hop self;',
    ...(peer.hasExtendedNextHop === true && family === 4 ? ['    extended next hop on;'] : []),
    ...(peer.maxPrefixes === undefined ? [] : [`    receive limit ${peer.maxPrefixes} action restart;`]),
    '  };'
  ]
}
