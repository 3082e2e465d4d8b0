import { connect, Namespace } from '../support/namespace.ts'
import { Host } from './host.ts'

/** Hosts on one bridge, each with an interface `e0`; all in namespaces that end with the test. */
export class Stage {
  readonly #bridge: Namespace
  readonly #hosts: Host[] = []

  private constructor(bridge: Namespace) {
    this.#bridge = bridge
  }

  static async create(): Promise<Stage> {
    const bridge = await Namespace.create()
    // Snooping without a querier would forget groups.
    await bridge.ip('link add br0 type bridge mcast_snooping 0')
    await bridge.ip('link set br0 up')
    return new Stage(bridge)
  }

  /** Adds a host with hardware address 02:00:00:00:00:0N, 192.0.2.N and 2001:db8::N. */
  async addHost(number: 1 | 2 | 3 | 4): Promise<Host> {
    const host = new Host(await Namespace.create(), number)
    this.#hosts.push(host)
    // Until its link-local address is known to be free, the kernel asks no neighbour whether it is still there.
    await host.sysctl('net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0')
    await this.plugIn(host)
    return host
  }

  /** Makes a host's interface, and plugs it in. */
  async plugIn(host: Host, mac: string = host.mac): Promise<void> {
    const { namespace, number } = host
    const port = { namespace: this.#bridge, name: portOf(host) }
    await connect({ namespace, name: 'e0', mac }, port)
    await namespace.ip(`addr add 192.0.2.${number}/24 dev e0`)
    await namespace.ip(`addr add 2001:db8::${number}/64 dev e0`)
    await this.reach(host)
  }

  /** The host's frames get nowhere, and none gets there; its cable seems to be in. */
  async isolate(host: Host): Promise<void> {
    await this.#bridge.ip(`link set ${portOf(host)} nomaster`)
  }

  async reach(host: Host): Promise<void> {
    await this.#bridge.ip(`link set ${portOf(host)} master br0`)
  }

  /** The host's interface loses its carrier. */
  async pullCable(host: Host): Promise<void> {
    await this.#bridge.ip(`link set ${portOf(host)} down`)
  }

  async plugCable(host: Host): Promise<void> {
    await this.#bridge.ip(`link set ${portOf(host)} up`)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts.map(async ({ namespace }) => namespace.close()), this.#bridge.close()])
  }
}

function portOf({ number }: Host): string {
  return `p${number}`
}
