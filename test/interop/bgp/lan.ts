import { connect, Namespace } from '../support/namespace.ts'

/** A switch, and hosts on it, each in a namespace of its own with an interface `e0`. Carriers stay when one is cut. */
export class Lan {
  readonly #bridge: Namespace
  readonly #hosts: Namespace[] = []

  private constructor(bridge: Namespace) {
    this.#bridge = bridge
  }

  static async create(): Promise<Lan> {
    const bridge = await Namespace.create()
    await bridge.ip('link add br0 type bridge mcast_snooping 0')
    await bridge.ip('link set br0 up')
    return new Lan(bridge)
  }

  /** Adds a host with these addresses, as `192.0.2.1/24`. */
  async addHost(...addresses: readonly string[]): Promise<Namespace> {
    const host = await Namespace.create()
    this.#hosts.push(host)
    await host.run('sysctl', '-qw', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0')
    await connect({ namespace: host, name: 'e0' }, { namespace: this.#bridge, name: this.#port(host) })
    await this.join(host)
    await addAddresses(host, 'e0', addresses)
    return host
  }

  /** The host's frames get nowhere, and none gets there. */
  async cut(host: Namespace): Promise<void> {
    await this.#bridge.ip(`link set ${this.#port(host)} nomaster`)
  }

  async join(host: Namespace): Promise<void> {
    await this.#bridge.ip(`link set ${this.#port(host)} master br0`)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts.map(async (host) => host.close()), this.#bridge.close()])
  }

  #port(host: Namespace): string {
    return `p${this.#hosts.indexOf(host)}`
  }
}

/** In one go: there may be many. */
export async function addAddresses(
  host: Namespace,
  device: string,
  addresses: readonly string[]
): Promise<void> {
  const commands = addresses.map((address) => {
    const nodad = address.includes(':') ? ' nodad' : ''
    return `ip addr add ${address} dev ${device}${nodad}`
  })
  await host.run('sh', '-ec', commands.join('\n'))
}
