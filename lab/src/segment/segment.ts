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

const BRIDGE = 'br0'

/**
 * One bridge and the hosts on it, each a network namespace. The bridge is in the namespace of the caller, which should
 * be a sandbox's (see `spawnSandboxed`): nothing here touches another one.
 */
export class Segment {
  readonly #hosts = new Map<string, SegmentHost>()

  /** Makes the bridge. The caller has `addresses` on it. */
  async start(addresses: readonly string[]): Promise<void> {
    await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge'])
    // The bridge here has multicast snooping without a querier: groups would be forgotten after some minutes.
    await run('ip', ['link', 'set', BRIDGE, 'type', 'bridge', 'mcast_snooping', '0'])
    for (const address of addresses)
      await run('ip', ['addr', 'add', address, 'dev', BRIDGE, ...noDad(address)])
    await run('ip', ['link', 'set', BRIDGE, 'up'])
  }

  /** Adds a host and plugs its cable in. */
  async addHost(host: SegmentHost): Promise<void> {
    const port = portOf(host.name)
    await run('ip', ['netns', 'add', host.name])
    await run('ip', ['link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host.name])
    const settings = [
      'net.ipv6.conf.all.accept_dad=0',
      'net.ipv6.conf.default.accept_dad=0',
      'net.ipv4.conf.all.rp_filter=0',
      'net.ipv4.conf.default.rp_filter=0',
      ...(host.isRouter === true ? ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'] : [])
    ]
    await this.execute(host.name, 'sysctl', ['-qw', ...settings])
    await this.execute(host.name, 'ip', ['link', 'set', 'lo', 'up'])
    for (const address of host.addresses) {
      await this.execute(host.name, 'ip', ['addr', 'add', address, 'dev', 'eth0', ...noDad(address)])
    }
    for (const address of host.localAddresses ?? []) {
      await this.execute(host.name, 'ip', ['addr', 'add', address, 'dev', 'lo', ...noDad(address)])
    }
    await this.execute(host.name, 'ip', ['link', 'set', 'eth0', 'up'])
    await run('ip', ['link', 'set', port, 'master', BRIDGE, 'up'])
    this.#hosts.set(host.name, host)
  }

  async addRoutes(hostName: string, routes: readonly Route[]): Promise<void> {
    for (const { destination, via } of routes) {
      await this.execute(hostName, 'ip', ['route', 'replace', destination, 'via', via])
    }
  }

  /** Pulls a host's cable: its interface loses its carrier. */
  async pullCable(hostName: string): Promise<void> {
    await run('ip', ['link', 'set', portOf(hostName), 'down'])
  }

  async plugCable(hostName: string): Promise<void> {
    await run('ip', ['link', 'set', portOf(hostName), 'up'])
  }

  /** Runs a program inside a host's namespace. */
  async execute(hostName: string, program: string, args: readonly string[], stdin?: string): Promise<string> {
    return run('nsenter', [`--net=${namespacePath(hostName)}`, program, ...args], stdin)
  }

  /** The words to put before a command so that it runs inside a host's namespace. */
  enter(hostName: string): readonly string[] {
    return ['nsenter', `--net=${namespacePath(hostName)}`]
  }

  async stop(): Promise<void> {
    // A namespace lives on for seconds after its name is gone: its interface is taken away by name first.
    for (const name of this.#hosts.keys()) await run('ip', ['link', 'del', portOf(name)])
    for (const name of this.#hosts.keys()) await run('ip', ['netns', 'del', name])
    this.#hosts.clear()
    await run('ip', ['link', 'del', BRIDGE])
  }
}

function namespacePath(hostName: string): string {
  return `/run/netns/${hostName}`
}

/** An interface name has at most 15 characters. */
function portOf(hostName: string): string {
  return `p-${hostName}`.slice(0, 15)
}

/** Addresses of ours are known to be free; an address under test would be unusable for a second. */
function noDad(address: string): string[] {
  return address.includes(':') ? ['nodad'] : []
}
