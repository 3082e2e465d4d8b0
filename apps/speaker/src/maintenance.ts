import type { NodeMaintenance, NodeView } from '@clarion-lb/planner'

export interface MaintenanceOptions {
  /** The node is to be decided with again. */
  readonly onChange: (node: string, maintenance: NodeMaintenance | undefined) => void
  /** Multiplies all times. @defaultValue 1 */
  readonly patience?: number | undefined
}

/** What an object says of a node, before it is spread over time. */
export type AskedMaintenance = Pick<NodeMaintenance, 'because'>

/** Addresses of layer 2 leave a node, and come back to it, in so many portions. */
const PORTIONS = 10
const PORTION_MS = 300
/** Routers have so long to find other ways before routes go: as long as a speaker that ends gives them. */
const GRACE_MS = 1000

interface Progress {
  because: string
  isAsked: boolean
  /** 0–{@link PORTIONS}. */
  portions: number
  timer: NodeJS.Timeout | undefined
}

/**
 * Spreads maintenance of nodes over time: addresses move away one portion after another, and come back so. All speakers
 * see the same object change and count from there; where their clocks differ by a moment, the new owner of an address
 * begins before the old one ends, or the old one ends late: layer 2 hands over either way.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  readonly #nodes = new Map<string, Progress>()

  constructor(options: MaintenanceOptions) {
    this.#options = options
  }

  /**
   * What a node is to be decided with now, given what its object says.
   *
   * @param isNew whether the node was not known: what it was to give up, it gave up before
   */
  update(node: string, asked: AskedMaintenance | undefined, isNew: boolean): NodeView['maintenance'] {
    const known = this.#nodes.get(node)
    if (known === undefined) {
      if (asked === undefined) return undefined
      const portions = isNew ? PORTIONS : 0
      this.#nodes.set(node, { because: asked.because, isAsked: true, portions, timer: undefined })
      this.#schedule(node)
      return this.#stateOf(node)
    }
    known.isAsked = asked !== undefined
    known.because = asked?.because ?? known.because
    this.#schedule(node)
    return this.#stateOf(node)
  }

  /** The node's object is gone. */
  forget(node: string): void {
    clearTimeout(this.#nodes.get(node)?.timer)
    this.#nodes.delete(node)
  }

  stop(): void {
    for (const { timer } of this.#nodes.values()) clearTimeout(timer)
    this.#nodes.clear()
  }

  #stateOf(node: string): NodeMaintenance | undefined {
    const progress = this.#nodes.get(node)
    if (progress === undefined) return undefined
    const { because, isAsked, portions } = progress
    if (!isAsked && portions === 0) return undefined
    // Routes come back at once.
    const isWithdrawn = isAsked && portions * PORTION_MS >= GRACE_MS
    return { because, yieldedShare: portions / PORTIONS, isWithdrawn }
  }

  #schedule(node: string): void {
    const progress = this.#nodes.get(node)
    if (progress === undefined) return
    const isThere = progress.isAsked ? progress.portions === PORTIONS : progress.portions === 0
    if (isThere) {
      // One that was under way when it turned round would go beyond.
      clearTimeout(progress.timer)
      progress.timer = undefined
      if (!progress.isAsked) this.#nodes.delete(node)
      return
    }
    // Else the next step is due already.
    if (progress.timer !== undefined) return
    progress.timer = setTimeout(
      () => {
        progress.timer = undefined
        progress.portions += progress.isAsked ? 1 : -1
        const state = this.#stateOf(node)
        this.#schedule(node)
        this.#options.onChange(node, state)
      },
      PORTION_MS * (this.#options.patience ?? 1)
    )
  }
}
