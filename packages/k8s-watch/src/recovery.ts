import { Signal } from './signal.ts'

/** What the informers of one client share: that its API server was reached again. */
export class Recovery {
  readonly #news = new Signal<void>()
  #count = 0

  /** How often it was reached again. */
  get count(): number {
    return this.#count
  }

  /** Calls `listener` each time; gives the function that ends that. */
  subscribe(listener: () => void): () => void {
    return this.#news.subscribe(listener)
  }

  /** One of them reached it. */
  note(): void {
    this.#count += 1
    this.#news.emit()
  }
}

const recoveries = new WeakMap<object, Recovery>()

/** The one of a client, which lives as long as the client. */
export function recoveryOf(client: object): Recovery {
  const known = recoveries.get(client) ?? new Recovery()
  recoveries.set(client, known)
  return known
}
