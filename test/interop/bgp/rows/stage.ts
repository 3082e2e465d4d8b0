import type { Namespace } from '../../support/namespace.ts'
import { createDaemon } from '../daemons/create.ts'
import type { Daemon, DaemonConfig, DaemonId } from '../daemons/daemon.ts'
import { Speaker } from '../driver-client.ts'
import type { PeerSpec, SpeakerSpec } from '../driver-protocol.ts'
import { Lan } from '../lan.ts'
import { addressesOf, peerOf } from './addresses.ts'
import { DAEMON_ASN, DAEMON_ROUTES, OWN_ASN, type Row } from './row.ts'

/** Ours listens only here; rows that end their process have others, which do not listen. */
const LISTENING: SpeakerSpec = { asn: OWN_ASN, bgpIdentifier: '192.0.2.250', listen: ['::'] }

/** A daemon and a speaker of ours on one link, with a pair of addresses for each row. */
export class Stage {
  readonly daemon: Daemon
  /** Serves the rows that do not end it. */
  readonly speaker: Speaker
  readonly #config: DaemonConfig
  readonly #lan: Lan
  readonly #host: Namespace

  private constructor(parts: {
    readonly daemon: Daemon
    readonly speaker: Speaker
    readonly config: DaemonConfig
    readonly lan: Lan
    readonly host: Namespace
  }) {
    this.daemon = parts.daemon
    this.speaker = parts.speaker
    this.#config = parts.config
    this.#lan = parts.lan
    this.#host = parts.host
  }

  static async create(id: DaemonId, rows: readonly Row[]): Promise<Stage> {
    const lan = await Lan.create()
    let daemon: Daemon | undefined
    try {
      const addresses = rows.map(addressesOf)
      const host = await lan.addHost(...addresses.flatMap(({ ours }) => ours))
      const router = await lan.addHost(...addresses.flatMap(({ theirs }) => theirs))
      daemon = createDaemon(id, router)
      const config: DaemonConfig = {
        asn: DAEMON_ASN,
        routerId: '192.0.2.251',
        // What a daemon cannot do it may not be able to read either.
        peers: rows.flatMap((row, index) =>
          row.unsupported?.[id] === undefined ? [peerOf(row, index)] : []
        ),
        routes: Object.values(DAEMON_ROUTES)
      }
      await daemon.start(config)
      const speaker = await Speaker.start(host, LISTENING)
      return new Stage({ daemon, speaker, config, lan, host })
    } catch (error) {
      await daemon?.stop()
      await lan.close()
      throw error
    }
  }

  /** A speaker of its own, which only connects. */
  async startSpeaker(peer: PeerSpec, options: Partial<SpeakerSpec> = {}): Promise<Speaker> {
    return Speaker.start(this.#host, { ...LISTENING, listen: [], ...options }, peer)
  }

  async restartDaemon(): Promise<void> {
    await this.daemon.stop()
    await this.daemon.start(this.#config)
  }

  async close(): Promise<void> {
    await this.daemon.stop()
    await this.#lan.close()
  }
}
