/* oxlint-disable vitest/no-standalone-expect -- tests call it */
import { expect } from 'vitest'
import type { Daemon, DaemonPath, DaemonPeer, Family } from '../daemons/daemon.ts'
import type { Speaker } from '../driver-client.ts'
import type { CloseReport, PeerReport, PeerSpec, RouteSpec, SpeakerSpec } from '../driver-protocol.ts'
import { peerOf, prefixesOf, specOf } from './addresses.ts'
import type { Row } from './row.ts'
import type { Stage } from './stage.ts'

/** For `expect.poll`: what has not happened in this time never does. Daemons wait for seconds after a failure. */
export const PATIENCE = { timeout: 45_000, interval: 40 } as const

/** A row with one daemon: both ends of the session, and what is asked of them. */
export class Cell {
  readonly stage: Stage
  readonly daemon: Daemon
  /** The session as the daemon has it. */
  readonly peer: DaemonPeer
  /** The session as we have it. */
  readonly spec: PeerSpec
  readonly prefixes: { readonly 4: readonly string[]; readonly 6: readonly string[] }
  #speaker: Speaker | undefined

  constructor(stage: Stage, row: Row, index: number) {
    this.stage = stage
    this.daemon = stage.daemon
    this.peer = peerOf(row, index)
    this.spec = specOf(row, index)
    this.prefixes = prefixesOf(index)
  }

  /** The first prefix of a family. */
  prefix(family: Family): string {
    return this.prefixes[family][0] ?? ''
  }

  /** The process of ours that has the session. */
  get speaker(): Speaker {
    return this.#speaker ?? this.stage.speaker
  }

  /** Begins the session in the common process, and waits until both say that it is up. */
  async connect(): Promise<void> {
    await this.stage.speaker.ask('addPeer', this.spec)
    // Who connects has been refused until now, and may wait.
    if (this.peer.isPassive !== true) await this.daemon.forgive(this.peer)
    await this.established()
  }

  /** Begins the session in a process of its own, which can be ended. */
  async connectAlone(options: Partial<SpeakerSpec> = {}, spec: PeerSpec = this.spec): Promise<void> {
    await this.#speaker?.kill()
    this.#speaker = await this.stage.startSpeaker(spec, options)
    await this.established()
  }

  async established(): Promise<void> {
    await expect.poll(async () => (await this.report()).state, PATIENCE).toBe('established')
    await expect.poll(async () => this.daemon.sessionState(this.peer), PATIENCE).toContain('established')
  }

  async report(): Promise<PeerReport> {
    return this.speaker.ask('peer', this.spec.name)
  }

  async advertise(...routes: readonly RouteSpec[]): Promise<void> {
    await this.speaker.ask('advertise', { peer: this.spec.name, routes })
  }

  /** When the daemon has one path to the prefix, and it is like this. */
  async has(prefix: string, path: Partial<DaemonPath> = {}): Promise<void> {
    await expect.poll(async () => this.daemon.paths(prefix), PATIENCE).toMatchObject([path])
  }

  async hasNot(prefix: string): Promise<void> {
    await expect.poll(async () => this.daemon.paths(prefix), PATIENCE).toEqual([])
  }

  /** When we were told this prefix. */
  async heard(prefix: string): Promise<void> {
    await expect.poll(async () => (await this.report()).received, PATIENCE).toContain(prefix)
  }

  /** When a connection has ended like this; what came after does not count. */
  async closed(how: Partial<CloseReport>): Promise<void> {
    await expect
      .poll(async () => (await this.report()).closes, PATIENCE)
      .toContainEqual(expect.objectContaining(how))
  }

  /** Leaves nothing behind: the next row finds the daemon as this one did. */
  async end(): Promise<void> {
    this.daemon.thaw()
    if (this.#speaker === undefined)
      await this.stage.speaker.ask('removePeer', { name: this.spec.name, stop: { mode: 'shutdown' } })
    else await this.#speaker.kill()
  }
}
