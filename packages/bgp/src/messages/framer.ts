import { BgpDecodeError } from '../errors.ts'
import { checkHeader, HEADER_LENGTH, MAX_MESSAGE_LENGTH } from './header.ts'

export interface MessageFramerOptions {
  /** Octets of the longest message that is accepted. @defaultValue 4096 */
  readonly maxMessageLength?: number
}

/**
 * Splits a byte stream into whole messages, their headers checked. Holds at most one message: an unfinished one, in a
 * buffer of its own length once that is known, so every octet is copied once however small the chunks are.
 */
export class MessageFramer {
  #maxMessageLength: number
  /** The unfinished message; of header length until the header is there. */
  #pending: Uint8Array = new Uint8Array(HEADER_LENGTH)
  #filled = 0
  #hasHeader = false
  #failure: BgpDecodeError | undefined

  constructor({ maxMessageLength = MAX_MESSAGE_LENGTH }: MessageFramerOptions = {}) {
    this.#maxMessageLength = maxMessageLength
  }

  get maxMessageLength(): number {
    return this.#maxMessageLength
  }

  /** To be set when RFC 8654 was agreed on; counts from the next header on. */
  set maxMessageLength(value: number) {
    this.#maxMessageLength = value
  }

  /** What ended the stream; set as soon as the bad header was seen. */
  get failure(): BgpDecodeError | undefined {
    return this.#failure
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @returns the messages that are whole now, as views: of `chunk`, or of a buffer that is theirs alone
   * @throws {@link BgpDecodeError} (RFC 4271 §6.1) for a bad header. Messages in front of it in the same chunk are not
   *   lost: they are returned, {@link MessageFramer.failure} is set at once, and the next `push` throws it. After that
   *   every call throws it again.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    if (this.#failure !== undefined) throw this.#failure
    const messages: Uint8Array[] = []
    try {
      let offset = this.#finishPending(chunk)
      if (this.#hasHeader && this.#filled === this.#pending.length) messages.push(this.#takePending())
      while (chunk.length - offset >= HEADER_LENGTH) {
        const { length } = checkHeader(chunk.subarray(offset), this.#maxMessageLength)
        if (chunk.length - offset < length) break
        messages.push(chunk.subarray(offset, offset + length))
        offset += length
      }
      this.#keep(chunk.subarray(offset))
    } catch (error) {
      if (!(error instanceof BgpDecodeError)) throw error
      this.#failure = error
      if (messages.length === 0) throw error
    }
    return messages
  }

  /** Adds to the unfinished message what belongs to it; returns how much of the chunk that was. */
  #finishPending(chunk: Uint8Array): number {
    if (this.#filled === 0) return 0
    const used = this.#fill(chunk)
    if (this.#hasHeader || this.#filled < HEADER_LENGTH) return used
    this.#growPending()
    return used + this.#fill(chunk.subarray(used))
  }

  #fill(part: Uint8Array): number {
    const count = Math.min(part.length, this.#pending.length - this.#filled)
    this.#pending.set(part.subarray(0, count), this.#filled)
    this.#filled += count
    return count
  }

  /** The header is there: goes on in a buffer of the message's length. */
  #growPending(): void {
    const { length } = checkHeader(this.#pending, this.#maxMessageLength)
    const whole = new Uint8Array(length)
    whole.set(this.#pending)
    this.#pending = whole
    this.#hasHeader = true
  }

  #takePending(): Uint8Array {
    const message = this.#pending
    this.#pending = new Uint8Array(HEADER_LENGTH)
    this.#filled = 0
    this.#hasHeader = false
    return message
  }

  /** Starts an unfinished message with the end of a chunk. */
  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return
    const header = this.#fill(rest)
    if (this.#filled < HEADER_LENGTH) return
    this.#growPending()
    this.#fill(rest.subarray(header))
  }
}
