import { withoutPrefixLength } from '../addresses.ts'
import { run } from '../shell.ts'

/** A host on the segment: a network namespace with one interface, `eth0`. */
export interface SegmentHost {
  readonly name: string
  /** Addresses of `eth0` with their prefix lengths, as `192.168.100.11/24`. */
  readonly addresses: readonly string[]
  /** Addresses of the loopback interface, as `10.244.1.10/32`: what pods would have. */
  readonly localAddresses?: readonly string[]
  /** Whether it passes packets on, as a node does. @defaultValue false */
  readonly isRouter?: boolean
}

export interface Route {
  readonly destination: string
  readonly via: string
}

export const BRIDGE = 'br0'
const GATEWAY_PORT = 'eth1'
const BYPASS_PORT = 'bypass0'

/** A host that only one host of the segment can see: `eth0` of it is joined to `eth1` of that one. */
export interface HostBehind {
  readonly name: string
  /** Name of the host on the segment, which is its default gateway. */
  readonly behind: string
  readonly addresses: readonly string[]
  /** Addresses of the gateway on this link, with their prefix lengths. */
  readonly gatewayAddresses: readonly string[]
}

/**
 * One bridge and the hosts on it, each a network namespace. The bridge is in the namespace of the caller, which should
 * be a sandbox's (see `spawnSandboxed`): nothing here touches another one.
 */
export class Segment {
  readonly #hosts = new Map<string, SegmentHost>()
  readonly #behind = new Map<string, HostBehind>()
  /** Ports of further interfaces of hosts. */
  readonly #morePorts = new Set<string>()

  /** Makes the bridge. The caller has `addresses` on it. */
  async start(addresses: readonly string[]): Promise<void> {
    await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge'])
    // The bridge here has multicast snooping without a querier: groups would be forgotten after some minutes.
    await run('ip', ['link', 'set', BRIDGE, 'type', 'bridge', 'mcast_snooping', '0'])
    // A switch passes frames: where a bridge asks iptables, each of them pays for it.
    const filters = ['iptables', 'ip6tables', 'arptables']
    await run('sysctl', ['-eqw', ...filters.map((filter) => `net.bridge.bridge-nf-call-${filter}=0`)])
    for (const address of addresses)
      await run('ip', ['addr', 'add', address, 'dev', BRIDGE, ...noDad(address)])
    await run('ip', ['link', 'set', BRIDGE, 'up'])
  }

  /** Adds a host and plugs its cable in. */
  async addHost(host: SegmentHost): Promise<void> {
    const port = portOf(host.name)
    await run('ip', ['netns', 'add', host.name])
    await run('ip', ['link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host.name])
    await this.#prepare(host.name, host.isRouter === true)
    await this.#setUp(host.name, 'eth0', host.addresses)
    for (const address of host.localAddresses ?? []) {
      await this.execute(host.name, 'ip', ['addr', 'add', address, 'dev', 'lo', ...noDad(address)])
    }
    await run('ip', ['link', 'set', port, 'master', BRIDGE, 'up'])
    this.#hosts.set(host.name, host)
  }

  /** Gives a host another interface on the segment, without an address, and plugs its cable in. */
  async addInterface(hostName: string, interfaceName: string): Promise<void> {
    const port = portOf(hostName, interfaceName)
    await run('ip', ['link', 'add', port, 'type', 'veth', 'peer', 'name', interfaceName, 'netns', hostName])
    this.#morePorts.add(port)
    // Else the host answers there for its addresses of the other interface, too.
    await this.execute(hostName, 'sysctl', ['-qw', `net.ipv4.conf.${interfaceName}.arp_ignore=1`])
    await this.execute(hostName, 'ip', ['link', 'set', interfaceName, 'up'])
    await run('ip', ['link', 'set', port, 'master', BRIDGE, 'up'])
  }

  /** Adds a host that is not on the segment, but reaches it through one that is. */
  async addHostBehind(host: HostBehind): Promise<void> {
    const { name, behind, addresses, gatewayAddresses } = host
    await run('ip', ['netns', 'add', name])
    const words = ['link', 'add', GATEWAY_PORT, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]
    await this.execute(behind, 'ip', words)
    await this.#prepare(name, false)
    await this.#setUp(name, 'eth0', addresses)
    await this.#setUp(behind, GATEWAY_PORT, gatewayAddresses)
    const routes = gatewayAddresses.map((address) => ({
      destination: address.includes(':') ? '::/0' : '0.0.0.0/0',
      via: withoutPrefixLength(address)
    }))
    await this.addRoutes(name, routes)
    this.#behind.set(name, host)
  }

  async addRoutes(hostName: string, routes: readonly Route[]): Promise<void> {
    for (const { destination, via } of routes) {
      await this.execute(hostName, 'ip', ['route', 'replace', destination, 'via', via])
    }
  }

  /** Pulls a host's cable: its interface loses its carrier. */
  async pullCable(hostName: string, interfaceName?: string): Promise<void> {
    await run('ip', ['link', 'set', portOf(hostName, interfaceName), 'down'])
  }

  async plugCable(hostName: string, interfaceName?: string): Promise<void> {
    await run('ip', ['link', 'set', portOf(hostName, interfaceName), 'up'])
  }

  /** A cable between two hosts besides the segment: what they send to each other's address there takes it from now on. */
  async addBypass(hostName: string, otherName: string): Promise<void> {
    const otherPort = bypassPortOf(hostName)
    await run('ip', [
      ...['link', 'add', BYPASS_PORT, 'netns', hostName],
      ...['type', 'veth', 'peer', 'name', otherPort, 'netns', otherName]
    ])
    await this.execute(hostName, 'ip', ['link', 'set', BYPASS_PORT, 'up'])
    await this.execute(otherName, 'ip', ['link', 'set', otherPort, 'up'])
    const [own, other] = [this.#ipv4Of(hostName), this.#ipv4Of(otherName)]
    await this.execute(otherName, 'ip', ['route', 'add', own, 'dev', otherPort, 'src', other])
    await this.execute(hostName, 'ip', ['route', 'add', other, 'dev', BYPASS_PORT, 'src', own])
  }

  async removeBypass(hostName: string): Promise<void> {
    await this.execute(hostName, 'ip', ['link', 'del', BYPASS_PORT])
  }

  /** Takes a host's port from the bridge: it is cut off, and its carrier stays. */
  async cutOff(hostName: string): Promise<void> {
    await run('ip', ['link', 'set', portOf(hostName), 'nomaster'])
  }

  async mend(hostName: string): Promise<void> {
    await run('ip', ['link', 'set', portOf(hostName), 'master', BRIDGE])
  }

  /**
   * Link-layer address of a host's interface, as `ip` writes it.
   *
   * @throws Error if it has none
   */
  async linkLayerAddressOf(hostName: string, interfaceName = 'eth0'): Promise<string> {
    const text = await this.execute(hostName, 'ip', ['link', 'show', interfaceName])
    const address = /link\/ether (\S+)/.exec(text)?.[1]
    if (address === undefined) throw new Error(`${interfaceName} of ${hostName} has no link-layer address`)
    return address
  }

  /** Runs a program inside a host's namespace. */
  async execute(hostName: string, program: string, args: readonly string[], stdin?: string): Promise<string> {
    return run('nsenter', [`--net=${namespacePath(hostName)}`, program, ...args], stdin)
  }

  /** The words to put before a command so that it runs inside a host's namespace. */
  enter(hostName: string): readonly [string, string] {
    return ['nsenter', `--net=${namespacePath(hostName)}`]
  }

  async stop(): Promise<void> {
    for (const [name, { behind }] of this.#behind) {
      await this.execute(behind, 'ip', ['link', 'del', GATEWAY_PORT])
      await run('ip', ['netns', 'del', name])
    }
    this.#behind.clear()
    // A namespace lives on for seconds after its name is gone: its interface is taken away by name first.
    const ports = [...this.#morePorts, ...Array.from(this.#hosts.keys(), (name) => portOf(name))]
    for (const port of ports) await run('ip', ['link', 'del', port])
    this.#morePorts.clear()
    for (const name of this.#hosts.keys()) await run('ip', ['netns', 'del', name])
    this.#hosts.clear()
    await run('ip', ['link', 'del', BRIDGE])
  }

  #ipv4Of(hostName: string): string {
    const address = this.#hosts.get(hostName)?.addresses.find((one) => !one.includes(':'))
    if (address === undefined) throw new Error(`${hostName} is no host with an IPv4 address`)
    return withoutPrefixLength(address)
  }

  async #prepare(name: string, isRouter: boolean): Promise<void> {
    const settings = [
      'net.ipv6.conf.all.accept_dad=0',
      'net.ipv6.conf.default.accept_dad=0',
      'net.ipv4.conf.all.rp_filter=0',
      'net.ipv4.conf.default.rp_filter=0',
      ...(isRouter ? ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'] : [])
    ]
    await this.execute(name, 'sysctl', ['-qw', ...settings])
    await this.execute(name, 'ip', ['link', 'set', 'lo', 'up'])
  }

  async #setUp(name: string, port: string, addresses: readonly string[]): Promise<void> {
    for (const address of addresses)
      await this.execute(name, 'ip', ['addr', 'add', address, 'dev', port, ...noDad(address)])
    await this.execute(name, 'ip', ['link', 'set', port, 'up'])
  }
}

function namespacePath(hostName: string): string {
  return `/run/netns/${hostName}`
}

/** The port of a host on the bridge: an interface name has at most 15 characters. */
export function portOf(hostName: string, interfaceName?: string): string {
  return `${interfaceName ?? 'p'}-${hostName}`.slice(0, 15)
}

function bypassPortOf(hostName: string): string {
  return `b-${hostName}`.slice(0, 15)
}

/** Addresses of ours are known to be free; an address under test would be unusable for a second. */
function noDad(address: string): string[] {
  return address.includes(':') ? ['nodad'] : []
}
