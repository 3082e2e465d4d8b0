import { hostAddresses, nodeHostNumber, nodeName, withoutPrefixLength } from '../addresses.ts'
import { SERVICE_PREFIXES } from './control-plane-commands.ts'

/** All addresses of a node: on the segment, on its link to the API server, and those of its pods. */
export interface NodeAddresses {
  readonly name: string
  /** On `eth0`, IPv4 and IPv6, with prefix lengths. */
  readonly segment: readonly [string, string]
  /** On `api0`, with its prefix length. */
  readonly api: string
  readonly podPrefixes: readonly [string, string]
}

/** The API server's, on a network of its own: a node whose cable is out still has it. */
export const API_ADDRESS = '172.31.255.1/24'
/** Prefixes of all pods. */
export const POD_PREFIXES: readonly [string, string] = ['10.244.0.0/16', 'fd44:c1a::/48']

/** @param number - From 1. */
export function nodeAddresses(number: number): NodeAddresses {
  return {
    name: nodeName(number),
    segment: hostAddresses(nodeHostNumber(number)),
    api: `172.31.255.${nodeHostNumber(number)}/24`,
    podPrefixes: [`10.244.${number}.0/24`, `fd44:c1a:0:${number}::/64`]
  }
}

/** Routes from one node to the pods of another, over the segment. */
export function podRoutes(
  to: NodeAddresses
): readonly { readonly destination: string; readonly via: string }[] {
  return to.podPrefixes.map((destination, family) => ({
    destination,
    via: withoutPrefixLength(to.segment[family] ?? '')
  }))
}

/**
 * Routes of a node to the addresses of Services, as words for `ip route add`: kube-proxy leads the packets elsewhere, but
 * without a route the kernel makes none. That of the API server is among them, and has to do without the segment.
 */
export function serviceRoutes(node: NodeAddresses): readonly (readonly string[])[] {
  const [ipv4, ipv6] = SERVICE_PREFIXES
  return [
    [ipv4, 'dev', 'api0', 'src', withoutPrefixLength(node.api)],
    [ipv6, 'dev', 'eth0']
  ]
}
