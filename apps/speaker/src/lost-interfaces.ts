import type { PlaneInterface } from './plane/messages.ts'

export interface LostInterfacesOptions {
  /** So long an interface that comes back is not counted on. */
  readonly settleMs: number
  /** Called with the names, in their order, when they are others. */
  readonly onChange: (lost: readonly string[]) => void
}

/**
 * Of the interfaces that this node is to announce on by their names, those that nobody is reached by: down, without a cable,
 * not fit, not there. One that comes back is lost for a while longer: a cable that is loose is not to move addresses with
 * each of its moods.
 */
export class LostInterfaces {
  readonly #options: LostInterfacesOptions
  readonly #lost = new Set<string>()
  /** Of those that are back. */
  readonly #timers = new Map<string, NodeJS.Timeout>()
  #named: readonly string[] | undefined
  #interfaces: readonly PlaneInterface[] | undefined
  #told: string | undefined

  constructor(options: LostInterfacesOptions) {
    this.#options = options
  }

  setNamed(names: readonly string[]): void {
    this.#named = names
    this.#update()
  }

  setInterfaces(interfaces: readonly PlaneInterface[]): void {
    this.#interfaces = interfaces
    this.#update()
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #update(): void {
    const [named, interfaces] = [this.#named, this.#interfaces]
    if (named === undefined || interfaces === undefined) return
    const usable = new Set(interfaces.filter(isUsable).map(({ name }) => name))
    for (const name of this.#lost) if (!named.includes(name)) this.#forget(name)
    for (const name of named) {
      if (usable.has(name)) this.#noteBack(name)
      else this.#noteLost(name)
    }
    this.#tell()
  }

  #noteLost(name: string): void {
    this.#forget(name)
    this.#lost.add(name)
  }

  #noteBack(name: string): void {
    if (!this.#lost.has(name) || this.#timers.has(name)) return
    const settle = (): void => {
      this.#forget(name)
      this.#tell()
    }
    this.#timers.set(name, setTimeout(settle, this.#options.settleMs))
  }

  #forget(name: string): void {
    clearTimeout(this.#timers.get(name))
    this.#timers.delete(name)
    this.#lost.delete(name)
  }

  #tell(): void {
    const lost = [...this.#lost].toSorted()
    if (this.#told === lost.join()) return
    this.#told = lost.join()
    this.#options.onChange(lost)
  }
}

function isUsable({ unfitBecause, hasCarrier }: PlaneInterface): boolean {
  return unfitBecause === undefined && hasCarrier
}
