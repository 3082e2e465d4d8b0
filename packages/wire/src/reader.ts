import { WireError } from './errors.ts'

/** A cursor that reads network byte order. Every read is checked; none goes past the end. */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  /** @throws {@link WireError} (`truncated`), as all reads do. */
  uint8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8))
  }

  /** The next bytes as a view into the same memory, not a copy. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** A reader of the next bytes alone, for a part whose length is stated in the message. */
  sub(length: number): Reader {
    return new Reader(this.bytes(length))
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  skip(length: number): void {
    this.#advance(length)
  }

  #advance(length: number): number {
    const start = this.#offset
    if (!Number.isInteger(length) || length < 0 || length > this.#bytes.length - start) {
      throw new WireError('truncated', start, `${length} bytes wanted at ${start}, ${this.remaining} there`)
    }
    this.#offset = start + length
    return start
  }
}
