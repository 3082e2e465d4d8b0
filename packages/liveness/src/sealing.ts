import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes
} from 'node:crypto'
import { Reader, Writer } from '@clarion-lb/wire'
import { LivenessDecodeError, LivenessOptionsError } from './errors.ts'
import type { Envelope } from './message.ts'
import { MAX_MESSAGE_BYTES } from './packet.ts'

/*
 * A sealed datagram:
 *
 * +---------------+---------------+-------------------------------+
 * |  version (8)  | key hint (8)  | sequence, high 16 bits        |
 * +---------------+---------------+-------------------------------+
 * | sequence, low 32 bits         | key of the sender (64) …      |
 * +-------------------------------+-------------------------------+
 * | … boot (64) | message, encrypted | authentication tag (128)   |
 * +---------------------------------------------------------------+
 *
 * AES-256-GCM. Each boot of each sender has a key of its own, so the sequence number is a nonce that never comes twice.
 * The envelope and the key of the receiver are authenticated with the message: what was sent to one is of no use with another.
 */
const VERSION = 1
const ENVELOPE_BYTES = 24
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const MIN_SECRET_BYTES = 16
const MAX_KEYS = 4
const MAX_SEQUENCE = 2 ** 48 - 1
/** Octets of a datagram with an empty message. */
export const SEAL_BYTES: number = ENVELOPE_BYTES + TAG_BYTES
/** Octets of the longest datagram; with UDP and IPv6 headers 1280, which every link carries (RFC 8200 §5). */
export const MAX_DATAGRAM_BYTES: number = MAX_MESSAGE_BYTES + SEAL_BYTES

interface RootKey {
  /** Pseudorandom key of RFC 5869 §2.2. */
  readonly prk: KeyObject
  /** Tells keys apart while two are in use; says nothing of the key. */
  readonly hint: number
}

/** The first seals. */
type RootKeys = readonly [RootKey, ...RootKey[]]

/** A key of one boot of one sender, kept with whom it belongs to. */
interface BootKey {
  readonly boot: bigint
  readonly root: RootKey
  /** An object and not its bytes: those would be made one for each datagram. */
  readonly key: KeyObject
}

/** Seals what one member sends, and opens what it receives. */
export class Sealer {
  readonly #self: bigint
  readonly #boot: bigint
  readonly #opened: Map<bigint, BootKey> = new Map()
  #roots: RootKeys
  #sendKey: KeyObject

  /**
   * @param self key of this member
   * @param boot of this process
   * @param secrets the first seals; all open
   * @throws {@link LivenessOptionsError}
   */
  constructor(self: bigint, boot: bigint, secrets: readonly Uint8Array[]) {
    this.#self = self
    this.#boot = boot
    this.#roots = rootKeys(secrets)
    this.#sendKey = bootKey(this.#roots[0], self, boot)
  }

  /** @throws {@link LivenessOptionsError} unless there are 1 to 4 secrets of at least 16 octets. */
  setKeys(secrets: readonly Uint8Array[]): void {
    this.#roots = rootKeys(secrets)
    this.#sendKey = bootKey(this.#roots[0], this.#self, this.#boot)
    this.#opened.clear()
  }

  /** Forgets what is kept of senders but these. */
  retain(isMember: (sender: bigint) => boolean): void {
    for (const sender of this.#opened.keys()) if (!isMember(sender)) this.#opened.delete(sender)
  }

  /** @param sequence never the same twice; from 1 to 2^48 − 1 */
  seal(message: Uint8Array, receiver: bigint, sequence: number): Uint8Array {
    if (sequence > MAX_SEQUENCE) throw new RangeError('a process has sent 2^48 datagrams')
    const datagram = new Uint8Array(SEAL_BYTES + message.length)
    new Writer(datagram)
      .uint8(VERSION)
      .uint8(this.#roots[0].hint)
      .uint16(Math.floor(sequence / 0x1_0000_0000))
      .uint32(sequence % 0x1_0000_0000)
      .uint64(this.#self)
      .uint64(this.#boot)
    const cipher = createCipheriv(CIPHER, this.#sendKey, nonce(datagram))
    cipher.setAAD(associatedData(datagram, receiver))
    datagram.set(cipher.update(message), ENVELOPE_BYTES)
    cipher.final()
    datagram.set(cipher.getAuthTag(), datagram.length - TAG_BYTES)
    return datagram
  }

  /** The message, decrypted. @throws {@link LivenessDecodeError} */
  open(datagram: Uint8Array, envelope: Envelope): Uint8Array {
    const { sender, boot } = envelope
    const hint = datagram[1]
    const known = this.#opened.get(sender)
    if (known?.boot === boot && known.root.hint === hint) {
      const message = decrypt(datagram, known.key, this.#self)
      if (message !== undefined) return message
    }
    for (const root of this.#roots) {
      if (root.hint !== hint || (known?.boot === boot && known.root === root)) continue
      const key = bootKey(root, sender, boot)
      const message = decrypt(datagram, key, this.#self)
      if (message === undefined) continue
      this.#opened.set(sender, { boot, root, key })
      return message
    }
    throw new LivenessDecodeError('unauthenticated')
  }
}

/** Who claims to have sent a datagram; true only if {@link Sealer.open} opens it. @throws {@link LivenessDecodeError} */
export function decodeEnvelope(datagram: Uint8Array): Envelope {
  if (datagram.length <= SEAL_BYTES) throw new LivenessDecodeError('too-short')
  if (datagram.length > MAX_DATAGRAM_BYTES) throw new LivenessDecodeError('too-long')
  const reader = new Reader(datagram)
  if (reader.uint8() !== VERSION) throw new LivenessDecodeError('version')
  reader.skip(1)
  const sequence = reader.uint16() * 0x1_0000_0000 + reader.uint32()
  return { sequence, sender: reader.uint64(), boot: reader.uint64() }
}

/** Of a process that starts. */
export function randomBoot(): bigint {
  return randomBytes(8).readBigUInt64BE(0)
}

function rootKeys(secrets: readonly Uint8Array[]): RootKeys {
  const [first, ...others] = secrets.map((secret) => rootKey(secret))
  if (first === undefined || secrets.length > MAX_KEYS)
    throw new LivenessOptionsError('limit', 'keys', `${secrets.length} keys, 1 to ${MAX_KEYS} may be`)
  return [first, ...others]
}

function rootKey(secret: Uint8Array): RootKey {
  if (secret.length < MIN_SECRET_BYTES)
    throw new LivenessOptionsError(
      'range',
      'keys',
      `a key of ${secret.length} octets, ${MIN_SECRET_BYTES} is the least`
    )
  const root = hkdfSync('sha256', secret, 'clarion liveness 1', 'root', KEY_BYTES)
  const hint = new Uint8Array(hkdfSync('sha256', secret, 'clarion liveness 1', 'hint', 1))[0] ?? 0
  return { prk: createSecretKey(new Uint8Array(root)), hint }
}

/** HKDF-Expand (RFC 5869 §2.3) of one block: cheap enough for datagrams of strangers. */
function bootKey(root: RootKey, sender: bigint, boot: bigint): KeyObject {
  const info = new Uint8Array(17)
  new Writer(info).uint64(sender).uint64(boot).uint8(1)
  return createSecretKey(createHmac('sha256', root.prk).update(info).digest())
}

function decrypt(datagram: Uint8Array, key: KeyObject, receiver: bigint): Uint8Array | undefined {
  const decipher = createDecipheriv(CIPHER, key, nonce(datagram), { authTagLength: TAG_BYTES })
  decipher.setAAD(associatedData(datagram, receiver))
  decipher.setAuthTag(datagram.subarray(datagram.length - TAG_BYTES))
  const message = decipher.update(datagram.subarray(ENVELOPE_BYTES, datagram.length - TAG_BYTES))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return message
}

function nonce(datagram: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12)
  bytes.set(datagram.subarray(2, 8), 6)
  return bytes
}

function associatedData(datagram: Uint8Array, receiver: bigint): Uint8Array {
  const bytes = new Uint8Array(ENVELOPE_BYTES + 8)
  bytes.set(datagram.subarray(0, ENVELOPE_BYTES))
  new DataView(bytes.buffer).setBigUint64(ENVELOPE_BYTES, receiver)
  return bytes
}
