const WINDOW = 1024
const WORD_BITS = 32

/** Which sequence numbers of one boot were seen: the highest, and a bitmap of the 1024 below it (as RFC 4303 §3.4.3). */
export class ReplayWindow {
  readonly #bits: Uint32Array = new Uint32Array(WINDOW / WORD_BITS)
  #highest = 0

  /** Whether this number is new; from then on it is not. Numbers below the window count as seen. */
  accept(sequence: number): boolean {
    if (sequence > this.#highest) {
      this.#advance(sequence)
      this.#mark(sequence)
      return true
    }
    if (this.#highest - sequence >= WINDOW || this.#isMarked(sequence)) return false
    this.#mark(sequence)
    return true
  }

  #advance(sequence: number): void {
    if (sequence - this.#highest >= WINDOW) this.#bits.fill(0)
    else for (let each = this.#highest + 1; each < sequence; each += 1) this.#clear(each)
    this.#highest = sequence
  }

  #isMarked(sequence: number): boolean {
    const position = sequence % WINDOW
    return ((this.#bits[Math.floor(position / WORD_BITS)] ?? 0) & (1 << (position % WORD_BITS))) !== 0
  }

  #mark(sequence: number): void {
    const position = sequence % WINDOW
    const word = Math.floor(position / WORD_BITS)
    this.#bits[word] = (this.#bits[word] ?? 0) | (1 << (position % WORD_BITS))
  }

  #clear(sequence: number): void {
    const position = sequence % WINDOW
    const word = Math.floor(position / WORD_BITS)
    this.#bits[word] = (this.#bits[word] ?? 0) & ~(1 << (position % WORD_BITS))
  }
}
