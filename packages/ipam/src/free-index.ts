/**
 * The lowest free one of the numbers 0 to `size` − 1.
 *
 * ```
 *  level 2        bit = a full word of level 1
 *  level 1        bit = a full word of level 0
 *  level 0        bit = a taken number, 32 a word
 * ```
 * Words that are zero are not stored, so memory follows what is taken, not `size`. Each call looks at no more than
 * one word a level (4 levels for a million), however many numbers are taken.
 */
export class FreeIndex {
  readonly size: number
  readonly #levels: Map<number, number>[] = []
  #taken = 0

  /** @param size an integer up to 2^52. */
  constructor(size: number) {
    this.size = size
  }

  /** How many are taken. */
  get taken(): number {
    return this.#taken
  }

  get isFull(): boolean {
    return this.#taken >= this.size
  }

  has(index: number): boolean {
    const word = this.#levels[0]?.get(Math.floor(index / 32)) ?? 0
    return ((word >>> (index % 32)) & 1) === 1
  }

  /** Takes a number. Nothing happens if it is taken. */
  take(index: number): void {
    if (this.has(index)) return
    this.#taken += 1
    let bit = index
    for (let level = 0; ; level += 1) {
      const words = this.#level(level)
      const at = Math.floor(bit / 32)
      const word = (words.get(at) ?? 0) | (1 << (bit % 32))
      words.set(at, word)
      if (word !== -1) return
      bit = at
    }
  }

  /** Gives a number back. Nothing happens if it is free. */
  give(index: number): void {
    if (!this.has(index)) return
    this.#taken -= 1
    let bit = index
    for (let level = 0; ; level += 1) {
      const words = this.#level(level)
      const at = Math.floor(bit / 32)
      const before = words.get(at) ?? 0
      const word = before & ~(1 << (bit % 32))
      if (word === 0) words.delete(at)
      else words.set(at, word)
      if (before !== -1) return
      bit = at
    }
  }

  /** The lowest free number. */
  first(): number | undefined {
    let index = 0
    // The first word of the highest level is never full: a level above it would exist.
    for (let level = this.#levels.length - 1; level >= 0; level -= 1) {
      const free = ~(this.#levels[level]?.get(index) ?? 0)
      index = index * 32 + (31 - Math.clz32(free & -free))
    }
    return index < this.size ? index : undefined
  }

  #level(level: number): Map<number, number> {
    const words = this.#levels[level] ?? new Map<number, number>()
    this.#levels[level] = words
    return words
  }
}
