/** The addresses of the lab's segment: every host by its number. */
export const SEGMENT: {
  readonly bridge: readonly [string, string]
  readonly control: readonly [string, string]
  readonly client: readonly [string, string]
} = {
  bridge: ['192.168.100.1/24', 'fd00:c1a:100::1/64'],
  control: hostAddresses(10),
  client: hostAddresses(100)
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
