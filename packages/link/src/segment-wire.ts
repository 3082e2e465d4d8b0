/**
 * Frames and notices on a byte stream: a length (32 bits, of what follows), a kind (8 bits), the content. A notice is JSON.
 */
export const RECORD = { NOTICE: 0, FRAME: 1 } as const

/** What an end says besides frames. */
export type Notice =
  /** From the client, first: the port that it wants to be. */
  | { readonly type: 'attach'; readonly port: string }
  /** From the server: how the port's interface is now. */
  | {
      readonly type: 'interface'
      readonly name: string
      readonly mac: string
      readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[]
      readonly hasCarrier: boolean
    }

const HEADER_LENGTH = 5
const MAX_RECORD_LENGTH = 65_536

export function encodeNotice(notice: Notice): Uint8Array {
  return encodeRecord(RECORD.NOTICE, Buffer.from(JSON.stringify(notice)))
}

export function encodeFrame(frame: Uint8Array): Uint8Array {
  return encodeRecord(RECORD.FRAME, frame)
}

/** Puts records together from the pieces that a stream comes in. */
export class RecordReader {
  #pending: Uint8Array = new Uint8Array(0)

  /** @throws RangeError for a length that no end would send */
  push(
    chunk: Uint8Array,
    handlers: { readonly onNotice: (notice: Notice) => void; readonly onFrame: (frame: Uint8Array) => void }
  ): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (bytes.length >= HEADER_LENGTH) {
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
      if (length < 1 || length > MAX_RECORD_LENGTH) throw new RangeError(`a record of ${length} bytes`)
      if (bytes.length < 4 + length) break
      const content = bytes.subarray(HEADER_LENGTH, 4 + length)
      if (bytes[4] === RECORD.FRAME) handlers.onFrame(content)
      else handlers.onNotice(parseNotice(content))
      bytes = bytes.subarray(4 + length)
    }
    this.#pending = bytes.slice()
  }
}

function encodeRecord(kind: number, content: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_LENGTH + content.length)
  new DataView(record.buffer).setUint32(0, 1 + content.length)
  record[4] = kind
  record.set(content, HEADER_LENGTH)
  return record
}

function parseNotice(content: Uint8Array): Notice {
  const value: unknown = JSON.parse(Buffer.from(content).toString('utf8'))
  if (isNotice(value)) return value
  throw new RangeError('a notice of no known type')
}

/** Both ends are this package's. */
function isNotice(value: unknown): value is Notice {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    (value.type === 'attach' || value.type === 'interface')
  )
}
