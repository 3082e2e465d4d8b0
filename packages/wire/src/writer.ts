import { WireError } from './errors.ts'

/** A cursor that writes network byte order into a buffer of the caller. Every write is checked. */
export class Writer {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(target: Uint8Array) {
    this.#bytes = target
    this.#view = new DataView(target.buffer, target.byteOffset, target.byteLength)
  }

  /** Bytes written so far. */
  get offset(): number {
    return this.#offset
  }

  /** Bytes of room left. */
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  /** @throws {@link WireError} (`overflow` without room, `value` for a number that does not fit), as all writes do. */
  uint8(value: number): this {
    this.#view.setUint8(this.#advance(1), this.#check(value, 0xff))
    return this
  }

  uint16(value: number): this {
    this.#view.setUint16(this.#advance(2), this.#check(value, 0xffff))
    return this
  }

  uint32(value: number): this {
    this.#view.setUint32(this.#advance(4), this.#check(value, 0xffff_ffff))
    return this
  }

  uint64(value: bigint): this {
    if (value < 0n || value >= 1n << 64n)
      throw new WireError('value', this.#offset, `${value} does not fit in 64 bits`)
    this.#view.setBigUint64(this.#advance(8), value)
    return this
  }

  bytes(source: Uint8Array): this {
    this.#bytes.set(source, this.#advance(source.length))
    return this
  }

  zeros(length: number): this {
    const start = this.#advance(length)
    this.#bytes.fill(0, start, start + length)
    return this
  }

  /** Overwrites what was written before: lengths and checksums that are known only at the end. */
  patchUint16(offset: number, value: number): this {
    if (!Number.isInteger(offset) || offset < 0 || offset + 2 > this.#offset)
      throw new WireError('overflow', offset, `nothing was written at ${offset}`)
    this.#view.setUint16(offset, this.#check(value, 0xffff))
    return this
  }

  /** What was written, as a view into the caller's buffer. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#offset)
  }

  #check(value: number, max: number): number {
    if (Number.isInteger(value) && value >= 0 && value <= max) return value
    throw new WireError('value', this.#offset, `${value} is not an integer from 0 to ${max}`)
  }

  #advance(length: number): number {
    const start = this.#offset
    if (!Number.isInteger(length) || length < 0 || length > this.#bytes.length - start) {
      throw new WireError(
        'overflow',
        start,
        `${length} bytes to write at ${start}, room for ${this.remaining}`
      )
    }
    this.#offset = start + length
    return start
  }
}
