import { tryParseIpAddress } from '@clarion-lb/netaddr'

/** A port of a Service with the addresses that it is reached at, and where its traffic can go. */
export interface ProxiedPort {
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
  /** Addresses of the Service: cluster IPs and load-balancer addresses. */
  readonly addresses: readonly string[]
  readonly backends: readonly ProxiedBackend[]
  /** `externalTrafficPolicy: Local`: only backends of this node, and the client's address is kept. */
  readonly isLocal: boolean
}

export interface ProxiedBackend {
  readonly address: string
  readonly port: number
  readonly nodeName: string | undefined
}

/** Packets that leave for another node's backend come back to us only if they have our address. */
const MASQUERADE_MARK = '0x4000'

/**
 * The whole rule set of a node, as input of `nft -f -`: it replaces the one before in one step. What kube-proxy does
 * for our purposes: destination NAT to a random backend, source NAT where the traffic policy is Cluster.
 */
export function buildNftRules(ports: readonly ProxiedPort[], nodeName: string): string {
  const rules = { 4: [] as string[], 6: [] as string[] }
  for (const port of ports) {
    for (const address of port.addresses) {
      const family = tryParseIpAddress(address)?.family
      if (family !== undefined) rules[family].push(buildRule(port, address, family, nodeName))
    }
  }
  return ([4, 6] as const).map((family) => buildTable(family, rules[family])).join('')
}

function buildRule(port: ProxiedPort, address: string, family: 4 | 6, nodeName: string): string {
  const protocol = port.protocol.toLowerCase()
  const match = `${family === 4 ? 'ip' : 'ip6'} daddr ${address} ${protocol} dport ${port.port}`
  const backends = port.backends.filter(
    (backend) =>
      tryParseIpAddress(backend.address)?.family === family &&
      (!port.isLocal || backend.nodeName === nodeName)
  )
  if (backends.length === 0) return `${match} drop`
  const choices = backends.map((backend, i) => `${i} : ${backend.address} . ${backend.port}`).join(', ')
  const mark = port.isLocal ? '' : `meta mark set meta mark | ${MASQUERADE_MARK} `
  return `${match} ${mark}dnat to numgen random mod ${backends.length} map { ${choices} }`
}

function buildTable(family: 4 | 6, rules: readonly string[]): string {
  const table = `${family === 4 ? 'ip' : 'ip6'} clarion-lab`
  // Naming a table before deleting it makes the deletion safe where it does not exist yet.
  return `table ${table}
delete table ${table}
table ${table} {
  chain services {
    ${rules.join('\n    ')}
  }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    jump services
  }
  chain output {
    type nat hook output priority -100;
    jump services
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    meta mark & ${MASQUERADE_MARK} != 0 masquerade
  }
}
`
}
