import { hash, timingSafeEqual } from 'node:crypto'
import {
  type AuthenticationSection,
  type BfdAuthenticationType,
  type BfdDigestType,
  DIGEST_OFFSET,
  digestLength
} from './authentication-section.ts'
import { BFD_PACKET_LENGTH, type BfdControlPacket, encodeControlPacket } from './packet.ts'

/** How packets of a session are authenticated (RFC 5880 §6.7), the same on both sides. */
export interface BfdAuthentication {
  /** SHA1 is the strongest that the RFC has; a simple password can be read by anyone on the path. */
  readonly type: BfdAuthenticationType
  /** 0–255. */
  readonly keyId: number
  /** 1–16 octets for a password and MD5, 1–20 for SHA1. */
  readonly key: Uint8Array
}

/**
 * Why a packet is discarded by authentication:
 * - `'missing'`, `'unexpected'`: one side uses authentication, the other does not
 * - `'type'`, `'key-id'`: another one than is configured
 * - `'sequence'`: repeated, or too far from the last one
 * - `'mismatch'`: another key or password, or changed on the way
 */
export type AuthenticationRefusal = 'missing' | 'unexpected' | 'type' | 'key-id' | 'sequence' | 'mismatch'

/**
 * Whether a sequence number follows the last one (RFC 5880 §6.7.3, §6.7.4): within three times Detect Mult, in the
 * circle of 32 bits; the meticulous types take none twice.
 */
export function isSequenceAcceptable(
  type: BfdDigestType,
  last: number,
  received: number,
  detectMultiplier: number
): boolean {
  const distance = (received - last) >>> 0
  return distance >= (isMeticulous(type) ? 1 : 0) && distance <= 3 * detectMultiplier
}

/** Whether each packet has a number, and thus a digest, of its own. */
export function isMeticulous(type: BfdAuthenticationType): boolean {
  return type === 'meticulous-keyed-md5' || type === 'meticulous-keyed-sha1'
}

/** The longest key of a type, in octets. */
export function maxKeyLength(type: BfdAuthenticationType): number {
  return type === 'simple-password' ? 16 : digestLength(type)
}

/** Signs and verifies the packets of one session. */
export class Authenticator {
  readonly #configuration: BfdAuthentication
  /** bfd.XmitAuthSeq */
  #sent: number
  /** bfd.RcvAuthSeq, if bfd.AuthSeqKnown is 1 */
  #received: number | undefined

  /** @param firstSequenceNumber random, 32 bits (RFC 5880 §6.8.1) */
  constructor(configuration: BfdAuthentication, firstSequenceNumber: number) {
    this.#configuration = configuration
    this.#sent = firstSequenceNumber >>> 0
  }

  /** Encodes with the next sequence number. */
  encode(packet: BfdControlPacket): Uint8Array {
    const { type, keyId, key } = this.#configuration
    if (type === 'simple-password')
      return encodeControlPacket({ ...packet, authentication: { type, keyId, password: key } })
    this.#sent = (this.#sent + 1) >>> 0
    const section = { type, keyId, sequenceNumber: this.#sent, digest: key }
    const bytes = encodeControlPacket({ ...packet, authentication: section })
    bytes.set(digestOf(type, bytes), BFD_PACKET_LENGTH + DIGEST_OFFSET)
    return bytes
  }

  /**
   * Remembers the sequence number of a packet that is accepted, and of no other: a stranger must not be able to move
   * the window.
   *
   * @param bytes what `packet` was decoded from
   */
  verify(packet: BfdControlPacket, bytes: Uint8Array): AuthenticationRefusal | undefined {
    const { authentication: section, detectMultiplier } = packet
    const { type, keyId, key } = this.#configuration
    if (section === undefined) return 'missing'
    if (section.type !== type) return 'type'
    if (section.keyId !== keyId) return 'key-id'
    if (section.type === 'simple-password') return isEqual(section.password, key) ? undefined : 'mismatch'
    const { sequenceNumber } = section
    const last = this.#received
    if (last !== undefined && !isSequenceAcceptable(section.type, last, sequenceNumber, detectMultiplier))
      return 'sequence'
    if (!isEqual(section.digest, this.#digestWithKey(section, bytes))) return 'mismatch'
    this.#received = sequenceNumber
    return undefined
  }

  /** bfd.AuthSeqKnown = 0: after twice the detection time without a packet any number is taken (RFC 5880 §6.8.1). */
  forget(): void {
    this.#received = undefined
  }

  #digestWithKey(section: AuthenticationSection & { type: BfdDigestType }, bytes: Uint8Array): Uint8Array {
    const start = BFD_PACKET_LENGTH + DIGEST_OFFSET
    const keyed = Uint8Array.from(bytes.subarray(0, start + digestLength(section.type)))
    keyed.fill(0, start)
    keyed.set(this.#configuration.key, start)
    return digestOf(section.type, keyed)
  }
}

/** The hash of the whole packet, which has the key, padded with zeros, in the place of the digest. */
function digestOf(type: BfdDigestType, bytes: Uint8Array): Uint8Array {
  return hash(digestLength(type) === 16 ? 'md5' : 'sha1', bytes, 'buffer')
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
