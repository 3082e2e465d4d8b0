import type { Schedule } from './schedule.ts'

/** What a network does to datagrams. */
export interface NetworkConditions {
  /** Share of datagrams that get lost. @defaultValue 0 */
  readonly loss?: number | undefined
  /** Share that comes twice. @defaultValue 0 */
  readonly duplication?: number | undefined
  /** The least time on the way. @defaultValue 0.2 */
  readonly delayMs?: number | undefined
  /** So much longer at most, evenly; datagrams overtake each other. @defaultValue 0.5 */
  readonly jitterMs?: number | undefined
}

/** Carries what members send, or does not. */
export class SimulatedNetwork {
  readonly #schedule: Schedule
  readonly #random: () => number
  readonly #cuts: Set<string> = new Set()
  #groupOf: ReadonlyMap<string, number> | undefined
  #conditions: NetworkConditions = {}

  constructor(schedule: Schedule, random: () => number) {
    this.#schedule = schedule
    this.#random = random
  }

  setConditions(conditions: NetworkConditions): void {
    this.#conditions = conditions
  }

  /** From now on nothing of one gets to the other; the other direction is not touched. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`)
  }

  /** Only members of one group reach each other; those in none reach nobody. */
  partition(groups: readonly (readonly string[])[]): void {
    this.#groupOf = new Map(groups.flatMap((ids, group) => ids.map((id) => [id, group] as const)))
  }

  /** Ends all cuts and partitions. */
  heal(): void {
    this.#cuts.clear()
    this.#groupOf = undefined
  }

  carry(from: string, to: string, arrive: () => void): void {
    const { loss = 0, duplication = 0, delayMs = 0.2, jitterMs = 0.5 } = this.#conditions
    const copies = this.#random() < duplication ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.#isCut(from, to) || this.#random() < loss) continue
      this.#schedule.at(this.#schedule.nowMs + delayMs + jitterMs * this.#random(), arrive)
    }
  }

  #isCut(from: string, to: string): boolean {
    if (this.#cuts.size > 0 && this.#cuts.has(`${from} ${to}`)) return true
    if (this.#groupOf === undefined) return false
    const group = this.#groupOf.get(from)
    return group === undefined || group !== this.#groupOf.get(to)
  }
}
