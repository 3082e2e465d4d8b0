/** The addresses of the lab's segment: every host by its number. */
export const SEGMENT: {
  readonly bridge: readonly [string, string]
  readonly control: readonly [string, string]
  readonly client: readonly [string, string]
  readonly router: readonly [string, string]
} = {
  bridge: ['192.168.100.1/24', 'fd00:c1a:100::1/64'],
  router: hostAddresses(2),
  control: hostAddresses(10),
  client: hostAddresses(100)
}

/** The network behind the router: its own address there, and that of a client which is not on the segment. */
export const OUTSIDE: {
  readonly router: readonly [string, string]
  readonly client: readonly [string, string]
  readonly prefixes: readonly [string, string]
} = {
  router: ['198.51.100.1/24', 'fd00:c1a:200::1/64'],
  client: ['198.51.100.10/24', 'fd00:c1a:200::10/64'],
  prefixes: ['198.51.100.0/24', 'fd00:c1a:200::/64']
}

/** IPv4 and IPv6 address of a host on the segment, with prefix lengths. */
export function hostAddresses(number: number): readonly [string, string] {
  return [`192.168.100.${number}/24`, `fd00:c1a:100::${number}/64`]
}

/** Addresses of the backend ("pod") of a node: on the node's loopback interface, reached through the node. */
export function podAddresses(nodeNumber: number): readonly [string, string] {
  return [`10.244.${nodeNumber}.10`, `fd44:c1a::${nodeNumber}:10`]
}

export function nodeName(nodeNumber: number): string {
  return `node-${nodeNumber}`
}

/** Host number on the segment of a node. */
export function nodeHostNumber(nodeNumber: number): number {
  return 10 + nodeNumber
}

export function withoutPrefixLength(address: string): string {
  return address.split('/')[0] ?? address
}
