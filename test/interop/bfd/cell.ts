import type { BfdDaemon, DaemonBfdPeer } from '../bgp/daemons/daemon.ts'
import { Frr } from '../bgp/daemons/frr.ts'
import type { Speaker } from '../bgp/driver-client.ts'
import type { BfdReport } from '../bgp/driver-protocol.ts'
import type { BfdRow } from './rows.ts'
import { type BfdStage, bfdPeerOf } from './stage.ts'

/** A row with one daemon. */
export class BfdCell {
  readonly daemon: BfdDaemon
  readonly peer: DaemonBfdPeer
  readonly #stage: BfdStage
  readonly #row: BfdRow
  #speaker: Speaker | undefined

  constructor(stage: BfdStage, row: BfdRow, index: number) {
    this.daemon = stage.daemon
    this.peer = bfdPeerOf(row, index)
    this.#stage = stage
    this.#row = row
  }

  /** Begins our side, in a process of its own. */
  async begin(): Promise<void> {
    const { address, localAddress, hops, intervalMs, multiplier } = this.peer
    this.#speaker = await this.#stage.startSpeaker()
    await this.#speaker.ask('addBfd', {
      name: this.#row.id,
      remoteAddress: localAddress,
      localAddress: address,
      hops,
      // RFC 5883 says nothing about it, and not all send 255.
      ...(hops === 'multi' ? { minimumTtl: 64 } : {}),
      transmitIntervalMs: intervalMs,
      receiveIntervalMs: intervalMs,
      detectMultiplier: multiplier
    })
  }

  async report(): Promise<BfdReport> {
    return this.#running.ask('bfd', this.#row.id)
  }

  async daemonState(): Promise<string | undefined> {
    return this.daemon.bfdState(this.peer.address)
  }

  async setOurs(administrative: 'down' | 'up'): Promise<void> {
    await this.#running.ask('setBfd', { name: this.#row.id, administrative })
  }

  async cut(): Promise<void> {
    await this.#stage.cut()
  }

  async mend(): Promise<void> {
    await this.#stage.mend()
  }

  /** As a crash of ours. */
  async kill(): Promise<void> {
    await this.#running.kill()
  }

  /** FRR's only. */
  async changeProfile(intervalMs: number): Promise<void> {
    const { profile = '' } = this.peer
    if (!(this.daemon instanceof Frr)) throw new Error(`${this.daemon.id} has no profiles`)
    await this.daemon.command(
      'configure terminal',
      'bfd',
      `profile ${profile}`,
      `transmit-interval ${intervalMs}`,
      `receive-interval ${intervalMs}`
    )
  }

  async end(): Promise<void> {
    this.daemon.thaw()
    await this.#stage.mend()
    await this.#speaker?.kill()
  }

  get #running(): Speaker {
    if (this.#speaker === undefined) throw new Error('not begun')
    return this.#speaker
  }
}
