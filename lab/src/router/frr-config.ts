import type { RouterConfig, RouterPeer } from './router.ts'

/** bgpd.conf of a router that takes all routes of its peers and uses them all. */
export function buildBgpdConfig({ asn, routerId, peers }: RouterConfig): string {
  return [
    `router bgp ${asn}`,
    ` bgp router-id ${routerId}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp default ipv4-unicast',
    ...peers.flatMap(buildPeer),
    ...[4, 6].flatMap((family) => [
      ` address-family ipv${family} unicast`,
      '  maximum-paths 64',
      ...peers
        .filter(({ address }) => address.includes(':') === (family === 6))
        .map(({ address }) => `  neighbor ${address} activate`),
      ' exit-address-family'
    ]),
    'exit',
    ''
  ].join('\n')
}

/** bfdd.conf: one profile for each peer with BFD. */
export function buildBfddConfig({ peers }: RouterConfig): string {
  const profiles = peers.flatMap(({ name, bfd }) =>
    bfd === undefined
      ? []
      : [
          ` profile ${name}`,
          `  transmit-interval ${bfd.intervalMs}`,
          `  receive-interval ${bfd.intervalMs}`,
          `  detect-multiplier ${bfd.multiplier}`,
          ' exit'
        ]
  )
  return ['bfd', ...profiles, 'exit', ''].join('\n')
}

function buildPeer({ name, address, localAddress, asn, password, bfd }: RouterPeer): readonly string[] {
  const lines = [
    `remote-as ${asn}`,
    `update-source ${localAddress}`,
    // The nodes call; who calls back as well only makes collisions.
    'passive',
    ...(password === undefined ? [] : [`password ${password}`]),
    ...(bfd === undefined ? [] : [`bfd profile ${name}`])
  ]
  return lines.map((line) => ` neighbor ${address} ${line}`)
}
