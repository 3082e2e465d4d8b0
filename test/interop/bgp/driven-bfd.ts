import assert from 'node:assert/strict'
import { type BfdSession, BfdSpeaker } from '@clarion-lb/bfd'
import { parseIpAddress } from '@clarion-lb/netaddr'
import type { BfdReport, BfdSpec } from './driver-protocol.ts'

interface Entry {
  readonly session: BfdSession
  readonly downReasons: string[]
  lastDownMs: number | undefined
}

/** The BFD half of a driver. */
export class DrivenBfd {
  readonly #speaker: BfdSpeaker = new BfdSpeaker()
  readonly #entries: Map<string, Entry> = new Map()
  readonly #onFailure: (protectedPeer: string) => void

  constructor(onFailure: (protectedPeer: string) => void) {
    this.#onFailure = onFailure
  }

  add({ name, remoteAddress, localAddress, protects, ...rest }: BfdSpec): void {
    this.#speaker.start()
    const session = this.#speaker.add({
      ...rest,
      remoteAddress: parseIpAddress(remoteAddress),
      ...(localAddress === undefined ? {} : { localAddress: parseIpAddress(localAddress) })
    })
    const entry: Entry = { session, downReasons: [], lastDownMs: undefined }
    this.#entries.set(name, entry)
    session.on('down', ({ reason }) => {
      entry.downReasons.push(reason)
      entry.lastDownMs = Date.now()
      // An operator's wish is no failure (RFC 5882 §3.2).
      const isFailure = reason === 'detectionTimeExpired' || reason === 'remoteDown'
      if (isFailure && protects !== undefined) this.#onFailure(protects)
    })
  }

  remove(name: string): void {
    this.#speaker.remove(this.#entry(name).session)
    this.#entries.delete(name)
  }

  setAdministrative(name: string, administrative: 'down' | 'up'): void {
    const { session } = this.#entry(name)
    if (administrative === 'down') session.adminDown()
    else session.adminUp()
  }

  report(name: string): BfdReport {
    const { session, downReasons, lastDownMs } = this.#entry(name)
    const { state, transmitIntervalMs, detectionTimeMs, remoteDiagnostic } = session.status
    const { upEvents, downEvents } = session.counters
    return {
      state,
      transmitIntervalMs,
      detectionTimeMs,
      remoteDiagnostic,
      upEvents,
      downEvents,
      downReasons,
      lastDownMs
    }
  }

  async stop(): Promise<void> {
    await this.#speaker.stop()
    this.#entries.clear()
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    assert(entry !== undefined, `there is no ${name}`)
    return entry
  }
}
