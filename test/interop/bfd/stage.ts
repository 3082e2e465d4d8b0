import { Bird } from '../bgp/daemons/bird.ts'
import type { BfdDaemon, DaemonBfdPeer } from '../bgp/daemons/daemon.ts'
import { Frr } from '../bgp/daemons/frr.ts'
import { Speaker } from '../bgp/driver-client.ts'
import { Lan } from '../bgp/lan.ts'
import type { Namespace } from '../support/namespace.ts'
import type { BfdRow } from './rows.ts'

const MULTIPLIER = 3

/** A daemon and our host on one switch, with a session for each row. */
export class BfdStage {
  readonly daemon: BfdDaemon
  readonly #lan: Lan
  readonly #host: Namespace

  private constructor(daemon: BfdDaemon, lan: Lan, host: Namespace) {
    this.daemon = daemon
    this.#lan = lan
    this.#host = host
  }

  static async create(id: 'frr' | 'bird', rows: readonly BfdRow[]): Promise<BfdStage> {
    const lan = await Lan.create()
    let daemon: BfdDaemon | undefined
    try {
      const peers = rows.map(bfdPeerOf)
      const host = await lan.addHost(...peers.map(({ address }) => withLength(address)))
      const router = await lan.addHost(...peers.map(({ localAddress }) => withLength(localAddress)))
      daemon = id === 'frr' ? new Frr(router) : new Bird(router)
      await daemon.start({ asn: 64500, routerId: '192.0.2.251', peers: [], bfdPeers: peers, routes: [] })
      return new BfdStage(daemon, lan, host)
    } catch (error) {
      await daemon?.stop()
      await lan.close()
      throw error
    }
  }

  async startSpeaker(): Promise<Speaker> {
    return Speaker.start(this.#host, { asn: 64501, bgpIdentifier: '192.0.2.250', listen: [] })
  }

  async cut(): Promise<void> {
    await this.#lan.cut(this.#host)
  }

  async mend(): Promise<void> {
    await this.#lan.join(this.#host)
  }

  async close(): Promise<void> {
    await this.daemon.stop()
    await this.#lan.close()
  }
}

/** The session as the daemon has it. */
export function bfdPeerOf(row: BfdRow, index: number): DaemonBfdPeer {
  const [ours, theirs] =
    row.family === 4
      ? [`192.0.2.${index + 1}`, `192.0.2.${index + 101}`]
      : [`2001:db8::1:${index + 1}`, `2001:db8::2:${index + 1}`]
  return {
    address: ours,
    localAddress: theirs,
    hops: row.hops,
    intervalMs: row.intervalMs,
    multiplier: MULTIPLIER,
    ...(row.profile === undefined ? {} : { profile: row.profile })
  }
}

function withLength(address: string): string {
  return address.includes(':') ? `${address}/64` : `${address}/24`
}
