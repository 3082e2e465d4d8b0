import { firstIncarnation, lifeOf } from '@clarion-lb/liveness'
import type { TakeOverCause } from '../src/plane/messages.ts'
import { Ownership } from '../src/plane/ownership.ts'

export const TAKE_BACK_MS = 5000
const STEP_MS = 50

export interface Move {
  readonly atMs: number
  readonly node: string
  readonly address: string
  readonly cause: TakeOverCause | 'released'
}

interface Node {
  readonly ownership: Ownership
  readonly held: Set<string>
  lifeMs: number
  incarnation: number
  isUp: boolean
}

/**
 * Nodes in virtual time, which hear each other's announcements, and see at once who is alive on their side. What the
 * failure detector takes to find that out is not of interest here.
 */
export class OwnershipWorld {
  readonly names: readonly string[]
  /** By address. */
  readonly candidates: Readonly<Record<string, readonly string[]>>
  readonly moves: Move[] = []
  readonly #nodes = new Map<string, Node>()
  readonly #claims: { readonly from: string; readonly address: string }[] = []
  readonly #unplugged = new Set<string>()
  readonly #deaf = new Set<string>()
  #sides: readonly (readonly string[])[]
  nowMs = 100_000

  constructor(names: readonly string[], candidates: Readonly<Record<string, readonly string[]>>) {
    this.names = names
    this.candidates = candidates
    this.#sides = [names]
    for (const name of names) this.#create(name)
    for (const name of names) this.#join(name)
    this.run(0)
  }

  holdersOf(address: string): readonly string[] {
    return [...this.#nodes].filter(([, { held, isUp }]) => isUp && held.has(address)).map(([name]) => name)
  }

  ownershipOf(name: string): Ownership {
    return this.#node(name).ownership
  }

  /** A process ends without a word; all others hear of it. */
  crash(name: string): void {
    const node = this.#node(name)
    node.isUp = false
    node.held.clear()
    for (const other of this.#visible(name)) this.#declareGone(other, name, 'silent')
  }

  restart(name: string): void {
    this.#create(name)
    this.#join(name)
  }

  /** Says farewell, and goes on until it holds nothing. */
  leave(name: string): void {
    for (const other of this.#visible(name)) this.#declareGone(other, name, 'left')
    this.#node(name).ownership.leave()
  }

  /** Nodes of different sides declare each other dead. */
  split(...sides: readonly (readonly string[])[]): void {
    this.#sides = sides
    for (const name of this.names)
      for (const other of this.names)
        if (name !== other && this.#isUp(name) && !this.#sees(name, other) && this.#isUp(other))
          this.#declareGone(name, other, 'silent')
  }

  heal(): void {
    const before = this.#sides
    this.#sides = [this.names]
    for (const name of this.names) this.#node(name).incarnation += 1
    for (const side of before)
      for (const name of side)
        for (const other of this.names)
          if (!side.includes(other) && this.#isUp(name) && this.#isUp(other))
            this.#declareAlive(name, other, true)
  }

  /** Others gave this node up while it did nothing; now it is there again, and hears of it. */
  resume(name: string): void {
    this.#node(name).incarnation += 1
    this.#node(name).ownership.judged(this.nowMs)
    for (const other of this.#visible(name)) this.#declareAlive(other, name, true)
  }

  /** What others announce is lost on the way to a node. */
  deafen(name: string): void {
    this.#deaf.add(name)
  }

  /** The interface of the addresses is out; others are not. */
  unplug(name: string): void {
    this.#unplugged.add(name)
  }

  undeafen(name: string): void {
    this.#deaf.delete(name)
  }

  /** Others give a node up, which knows nothing of it. */
  giveUp(name: string): void {
    for (const other of this.#visible(name)) this.#declareGone(other, name, 'silent')
  }

  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    for (;;) {
      this.#settle()
      if (this.nowMs >= endMs) return
      this.nowMs += Math.min(STEP_MS, endMs - this.nowMs)
    }
  }

  #settle(): void {
    let rounds = 0
    do {
      rounds += 1
      if (rounds > 50) throw new Error(`no rest: ${JSON.stringify(this.moves.slice(-8))}`)
      for (const { ownership, isUp } of this.#nodes.values()) if (isUp) ownership.work(this.nowMs)
      for (const { from, address } of this.#claims.splice(0))
        for (const other of this.#visible(from))
          if (!this.#deaf.has(other)) this.#node(other).ownership.claimed(address, this.nowMs)
      for (const { ownership, isUp } of this.#nodes.values()) if (isUp) ownership.work(this.nowMs)
    } while (this.#claims.length > 0)
  }

  #create(name: string): void {
    const held = new Set<string>()
    const ownership = new Ownership({
      node: name,
      takeBackMs: TAKE_BACK_MS,
      answerer: {
        apply: ({ set, remove }) => {
          for (const address of remove) held.delete(address)
          for (const { address } of set) {
            held.add(address)
            this.#claims.push({ from: name, address })
          }
        },
        announce: (addresses) => {
          for (const address of addresses) this.#claims.push({ from: name, address })
        },
        isAble: () => !this.#unplugged.has(name),
        ask: (addresses) => {
          for (const address of addresses)
            for (const other of this.#visible(name))
              if (this.#node(other).held.has(address)) this.#claims.push({ from: other, address })
        }
      },
      onChange: ({ taken, released }) => {
        const at = { atMs: this.nowMs, node: name }
        for (const { address, cause } of taken) this.moves.push({ ...at, address, cause })
        for (const address of released) this.moves.push({ ...at, address, cause: 'released' })
      }
    })
    ownership.starting()
    const set = Object.entries(this.candidates).map(([address, candidates]) => ({
      address,
      interfaces: undefined,
      candidates
    }))
    ownership.apply({ set, remove: [] })
    const incarnation = firstIncarnation(this.nowMs)
    this.#nodes.set(name, { ownership, held, lifeMs: lifeOf(incarnation), incarnation, isUp: true })
  }

  #join(name: string): void {
    const { ownership, lifeMs } = this.#node(name)
    for (const other of this.#visible(name)) {
      const { incarnation } = this.#node(other)
      ownership.peers.noteAlive(other, { incarnation, isReturn: false, nowMs: this.nowMs, own: undefined })
      this.#declareAlive(other, name, false)
    }
    ownership.begin(lifeMs, this.nowMs)
  }

  #declareAlive(by: string, name: string, isReturn: boolean): void {
    const { ownership, lifeMs } = this.#node(by)
    const { incarnation } = this.#node(name)
    ownership.peers.noteAlive(name, { incarnation, isReturn, nowMs: this.nowMs, own: lifeMs })
    ownership.peersChanged(isReturn ? name : undefined)
  }

  #declareGone(by: string, name: string, absence: 'silent' | 'left'): void {
    const { ownership } = this.#node(by)
    ownership.peers.noteGone(name, absence)
    ownership.peerGone()
  }

  #visible(name: string): readonly string[] {
    return this.names.filter((other) => other !== name && this.#isUp(other) && this.#sees(name, other))
  }

  #sees(name: string, other: string): boolean {
    return this.#sides.some((side) => side.includes(name) && side.includes(other))
  }

  #isUp(name: string): boolean {
    return this.#nodes.get(name)?.isUp === true
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`there is no node ${name}`)
    return node
  }
}
