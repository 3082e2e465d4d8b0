import { lifeOf } from '@clarion-lb/liveness'
import type { PeerView } from './ownership-decision.ts'

/** Why a node is not there. `'left'` and `'unplugged'` it told itself. */
export type Absence = 'silent' | 'refused' | 'neverHeard' | 'left' | 'unplugged'

interface Peer {
  isAlive: boolean
  /** It was there once: a speaker runs on that node. */
  wasHeard: boolean
  absence: Absence | undefined
  settledAtMs: number
  /** When its process started, by its own clock. */
  lifeMs: number
}

/** Processes that start within this are one roll-out: none was there before the other. */
const FORMATION_MS = 10_000

export interface PeerTableOptions {
  /** So long a node that comes, or comes back, leaves its addresses with those that have them. */
  readonly takeBackMs: number
}

/** Which of the other nodes are there, which may have been before, and since when. */
export class PeerTable {
  readonly #takeBackMs: number
  readonly #peers = new Map<string, Peer>()

  constructor({ takeBackMs }: PeerTableOptions) {
    this.#takeBackMs = takeBackMs
  }

  /** A speaker of another node was heard, and did not say why it would not be any more. */
  get isAnyMissed(): boolean {
    for (const { wasHeard, absence } of this.#peers.values())
      if (wasHeard && absence !== 'left' && absence !== 'unplugged') return true
    return false
  }

  get isAnyAlive(): boolean {
    for (const { isAlive } of this.#peers.values()) if (isAlive) return true
    return false
  }

  absenceOf(name: string): Absence | undefined {
    return this.#peers.get(name)?.absence
  }

  isAlive(name: string): boolean {
    return this.#peers.get(name)?.isAlive === true
  }

  /** Whether a process that is alive is older than this life by more than a roll-out takes. */
  isAnyElder(lifeMs: number): boolean {
    for (const peer of this.#peers.values()) if (peer.isAlive && isElder(peer, lifeMs)) return true
    return false
  }

  /** @param own life of this process; `undefined` while it has just come itself: whoever is there was there before it */
  noteAlive(
    name: string,
    {
      incarnation,
      isReturn,
      nowMs,
      own
    }: {
      readonly incarnation: number
      readonly isReturn: boolean
      readonly nowMs: number
      readonly own: number | undefined
    }
  ): void {
    const lifeMs = lifeOf(incarnation)
    const isFirst =
      own === undefined || (!isReturn && own + FORMATION_MS >= lifeMs && !this.isAnyElder(lifeMs))
    const settledAtMs = isFirst ? nowMs : nowMs + this.#takeBackMs
    this.#peers.set(name, { isAlive: true, wasHeard: true, absence: undefined, settledAtMs, lifeMs })
  }

  noteGone(name: string, absence: Absence): void {
    const peer = this.#peers.get(name)
    const wasHeard = peer?.wasHeard ?? absence !== 'neverHeard'
    this.#peers.set(name, {
      isAlive: false,
      wasHeard,
      // That it is silent follows.
      absence: peer?.absence === 'unplugged' ? 'unplugged' : absence,
      settledAtMs: Number.POSITIVE_INFINITY,
      lifeMs: peer?.lifeMs ?? 0
    })
  }

  /** Its cable is out. @returns whether it counted as alive, in this life */
  noteUnplugged(name: string, lifeMs: number): boolean {
    const peer = this.#peers.get(name)
    if (peer?.isAlive !== true || peer.lifeMs !== lifeMs) return false
    this.noteGone(name, 'unplugged')
    return true
  }

  /** Forgets nodes that are not in the cluster any more. */
  retain(names: ReadonlySet<string>): void {
    for (const name of this.#peers.keys()) if (!names.has(name)) this.#peers.delete(name)
  }

  /** Forgets all, as after a start. */
  clear(): void {
    this.#peers.clear()
  }

  /** When the next one will have settled, after `nowMs`; infinity: none will. */
  nextSettledMs(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const { isAlive, settledAtMs } of this.#peers.values())
      if (isAlive && settledAtMs > nowMs) nextMs = Math.min(nextMs, settledAtMs)
    return nextMs
  }

  /** @param lifeMs of this process, if it has just come; `undefined`: it was away */
  viewOf(name: string, nowMs: number, lifeMs: number | undefined): PeerView | undefined {
    const peer = this.#peers.get(name)
    if (peer?.isAlive !== true) return undefined
    const isSettled = peer.settledAtMs <= nowMs
    return { isSettled, mayHold: isSettled && (lifeMs === undefined || isElder(peer, lifeMs)) }
  }
}

function isElder(peer: Peer, lifeMs: number): boolean {
  return peer.lifeMs + FORMATION_MS < lifeMs
}
