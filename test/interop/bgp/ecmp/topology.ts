import { connect, Namespace } from '../../support/namespace.ts'
import type { DaemonPeer } from '../daemons/daemon.ts'
import { Frr } from '../daemons/frr.ts'
import { listOf, member, parseJson, textOf } from '../daemons/json.ts'
import { Speaker } from '../driver-client.ts'
import { addAddresses, Lan } from '../lan.ts'
import { Client, startService } from './traffic.ts'

/** Address of the service. */
export const VIP = '203.0.113.7'
const ROUTER = '192.0.2.254'
const MULTIPLIER = 3
const FLOWS = 60

/** A node: its address, and its speaker. */
export interface EcmpNode {
  readonly name: string
  readonly address: string
  /** Absent: it has no BFD. */
  readonly bfdIntervalMs?: number
}

/**
 * The first is the one to be cut off. No process that stands still for 3 s ends the BFD session of the second: only its
 * speaker does. The third is watched by BGP alone, so that its speaker can be away without the router taking it for dead.
 */
export const NODES: readonly EcmpNode[] = [
  { name: 'node1', address: '192.0.2.1', bfdIntervalMs: 100 },
  { name: 'node2', address: '192.0.2.2', bfdIntervalMs: 1500 },
  { name: 'node3', address: '192.0.2.3' }
]

/**
 * Three nodes with the service and a speaker each, an FRR router with equal-cost paths, and a client behind it:
 *
 * ```
 * client ── router ──┬─ node1
 *                    ├─ node2
 *                    └─ node3
 * ```
 */
export class Topology {
  readonly router: Namespace
  readonly frr: Frr
  readonly client: Client
  readonly #lan: Lan
  readonly #clientHost: Namespace
  readonly #hosts: ReadonlyMap<string, Namespace>
  readonly #speakers: Map<string, Speaker> = new Map()

  private constructor(parts: {
    readonly router: Namespace
    readonly frr: Frr
    readonly client: Client
    readonly lan: Lan
    readonly clientHost: Namespace
    readonly hosts: ReadonlyMap<string, Namespace>
  }) {
    this.router = parts.router
    this.frr = parts.frr
    this.client = parts.client
    this.#lan = parts.lan
    this.#clientHost = parts.clientHost
    this.#hosts = parts.hosts
  }

  static async create(): Promise<Topology> {
    const lan = await Lan.create()
    const clientHost = await Namespace.create()
    let frr: Frr | undefined
    try {
      const router = await lan.addHost(`${ROUTER}/24`)
      const hosts = new Map<string, Namespace>()
      for (const node of NODES) hosts.set(node.name, await createNode(lan, node))
      await connectClient(clientHost, router)
      frr = new Frr(router)
      await frr.start({ asn: 64500, routerId: ROUTER, peers: NODES.map(peerOf), routes: [] })
      const client = await Client.start(clientHost, VIP, FLOWS)
      return new Topology({ router, frr, client, lan, clientHost, hosts })
    } catch (error) {
      await frr?.stop()
      await Promise.all([lan.close(), clientHost.close()])
      throw error
    }
  }

  /** Starts the speaker of a node; `isRestarting` as after a crash. */
  async startSpeaker({ name, address, bfdIntervalMs }: EcmpNode, isRestarting = false): Promise<void> {
    const speaker = await Speaker.start(
      this.#host(name),
      { asn: 64501, bgpIdentifier: address, listen: [], holdsEndOfRib: true },
      {
        name: 'router',
        address: ROUTER,
        asn: 64500,
        families: [4],
        connectRetryMs: 1000,
        gracefulRestart: { restartTimeMs: 60_000, isRestarting }
      }
    )
    this.#speakers.set(name, speaker)
    await speaker.ask('advertise', { peer: 'router', routes: [{ prefix: `${VIP}/32` }] })
    await speaker.ask('markComplete', undefined)
    if (bfdIntervalMs === undefined) return
    await speaker.ask('addBfd', {
      name: 'router',
      remoteAddress: ROUTER,
      localAddress: address,
      transmitIntervalMs: bfdIntervalMs,
      receiveIntervalMs: bfdIntervalMs,
      detectMultiplier: MULTIPLIER,
      protects: 'router'
    })
  }

  /** As a crash; the node itself lives on. */
  async killSpeaker({ name }: EcmpNode): Promise<void> {
    await this.#speakers.get(name)?.kill()
  }

  /** As a speaker ends that will be back: its session without a word, then BFD as an operator would end it. */
  async endSpeaker({ name }: EcmpNode): Promise<void> {
    const speaker = this.#speakers.get(name)
    await speaker?.ask('removePeer', { name: 'router', stop: { mode: 'restart' } })
    await speaker?.ask('removeBfd', 'router')
    await speaker?.ask('stop', { mode: 'restart' })
    await speaker?.kill()
  }

  async isEstablished({ name, address }: EcmpNode): Promise<boolean> {
    const report = await this.#speakers.get(name)?.ask('peer', 'router')
    const peer = NODES.find((node) => node.address === address)
    if (peer === undefined || report?.state !== 'established') return false
    return (await this.frr.sessionState(peerOf(peer))) === 'established'
  }

  /** Where the router's kernel sends packets for the service. */
  async nextHops(): Promise<readonly string[]> {
    const printed = await this.router.ip(`-j route show ${VIP}`)
    const [route] = listOf(parseJson(printed.trim() || '[]'))
    const one = textOf(member(route, 'gateway'))
    const many = listOf(member(route, 'nexthops')).map((hop) => textOf(member(hop, 'gateway')))
    return (one === '' ? many : [one]).toSorted()
  }

  async cut({ name }: EcmpNode): Promise<void> {
    await this.#lan.cut(this.#host(name))
  }

  async mend({ name }: EcmpNode): Promise<void> {
    await this.#lan.join(this.#host(name))
  }

  async close(): Promise<void> {
    await this.frr.stop()
    await Promise.all([this.#lan.close(), this.#clientHost.close()])
  }

  #host(name: string): Namespace {
    const host = this.#hosts.get(name)
    if (host === undefined) throw new Error(`there is no ${name}`)
    return host
  }
}

function peerOf({ name, address, bfdIntervalMs }: EcmpNode): DaemonPeer {
  return {
    name,
    address,
    localAddress: ROUTER,
    asn: 64501,
    families: [4],
    holdTimeS: 90,
    isPassive: true,
    ...(bfdIntervalMs === undefined
      ? {}
      : { bfd: { intervalMs: bfdIntervalMs, multiplier: MULTIPLIER, hops: 'single' } })
  }
}

async function createNode(lan: Lan, { name, address }: EcmpNode): Promise<Namespace> {
  const host = await lan.addHost(`${address}/24`)
  await addAddresses(host, 'lo', [`${VIP}/32`])
  await host.ip(`route add default via ${ROUTER}`)
  await startService(host, VIP, name)
  return host
}

async function connectClient(client: Namespace, router: Namespace): Promise<void> {
  await connect({ namespace: client, name: 'e0' }, { namespace: router, name: 'c0' })
  await addAddresses(client, 'e0', ['198.51.100.2/24'])
  await addAddresses(router, 'c0', ['198.51.100.1/24'])
  await client.ip('route add default via 198.51.100.1')
  // Flows differ by their ports.
  const settings = ['net.ipv4.ip_forward=1', 'net.ipv4.fib_multipath_hash_policy=1']
  await router.run('sysctl', '-qw', ...settings)
}
