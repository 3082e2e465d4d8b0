import type { RouterConfig, RouterPeer } from './router.ts'

/** bird.conf of a router that takes all routes of its peers and puts them into the kernel's table, with all next hops. */
export function buildBirdConfig({ asn, routerId, peers }: RouterConfig): string {
  return [
    'log stderr all;',
    `router id ${routerId};`,
    // Milliseconds since the epoch are not to be had; local time in full is.
    'timeformat protocol iso long ms;',
    // RFC 8326: a router would leave the route alone while it has another one; here the log is enough.
    'filter tell { if (65535, 0) ~ bgp_community then print "graceful shutdown of ", net, " by ", proto; accept; }',
    'protocol device {}',
    'protocol direct { ipv4; ipv6; }',
    ...[4, 6].map(
      (family) =>
        `protocol kernel kernel${family} { merge paths on limit 64; ipv${family} { import none; export where source = RTS_BGP; }; }`
    ),
    'protocol bfd {}',
    ...peers.flatMap((peer) => buildPeer(asn, peer)),
    ''
  ].join('\n')
}

function buildPeer(asn: number, peer: RouterPeer): readonly string[] {
  const { name, address, localAddress, bfd, password } = peer
  return [
    `protocol bgp ${name} {`,
    `  local ${localAddress} as ${asn};`,
    `  neighbor ${address} as ${peer.asn};`,
    '  direct;',
    // The nodes call; who calls back as well only makes collisions.
    '  passive on;',
    '  error wait time 1, 1;',
    '  graceful restart aware;',
    ...(password === undefined ? [] : [`  password "${password}";`]),
    ...(bfd === undefined ? [] : [`  bfd { interval ${bfd.intervalMs} ms; multiplier ${bfd.multiplier}; };`]),
    `  ipv${address.includes(':') ? 6 : 4} { import filter tell; export none; };`,
    '}'
  ]
}
