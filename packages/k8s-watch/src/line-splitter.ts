/**
 * Cuts a byte stream into lines. Each byte is looked at once, however the stream is chopped: the pieces of a long line
 * are kept apart until its end arrives.
 */
export class LineSplitter {
  readonly #maxLineBytes: number
  #pieces: Uint8Array[] = []
  #pendingBytes = 0

  /** @param maxLineBytes A line longer than this makes {@link push} throw. */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** Bytes of a line that has no end yet. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /**
   * The lines that `chunk` completes, without their line feeds and without empty ones. `chunk` may be kept.
   *
   * @throws RangeError when a line exceeds the limit; nothing more may be pushed then.
   */
  push(chunk: Uint8Array): readonly string[] {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#append(chunk.subarray(start, end))
      const line = this.#take()
      if (line !== '') lines.push(line)
      start = end + 1
    }
    if (start < chunk.length) this.#append(chunk.subarray(start))
    return lines
  }

  #append(piece: Uint8Array): void {
    this.#pendingBytes += piece.length
    if (this.#pendingBytes > this.#maxLineBytes) {
      this.#pieces = []
      throw new RangeError(`a line is longer than ${this.#maxLineBytes} bytes`)
    }
    this.#pieces.push(piece)
  }

  #take(): string {
    const [first] = this.#pieces
    const bytes = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#pendingBytes = 0
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  }
}
