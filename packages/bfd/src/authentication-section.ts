import type { BfdDecodeReason } from './errors.ts'

/** RFC 5880 §4.1 and IANA's registry of authentication types. */
const TYPE_NUMBERS = {
  'simple-password': 1,
  'keyed-md5': 2,
  'meticulous-keyed-md5': 3,
  'keyed-sha1': 4,
  'meticulous-keyed-sha1': 5
} as const

export type BfdAuthenticationType = keyof typeof TYPE_NUMBERS

/** The types with a digest and a sequence number. */
export type BfdDigestType = Exclude<BfdAuthenticationType, 'simple-password'>

/** RFC 5880 §4.2. */
export interface SimplePasswordSection {
  readonly type: 'simple-password'
  readonly keyId: number
  /** 1–16 octets. */
  readonly password: Uint8Array
}

/** RFC 5880 §4.3 and §4.4. */
export interface DigestSection {
  readonly type: BfdDigestType
  readonly keyId: number
  readonly sequenceNumber: number
  /** 16 octets for MD5, 20 for SHA1. */
  readonly digest: Uint8Array
}

export type AuthenticationSection = SimplePasswordSection | DigestSection

/** Where the digest begins in its section. */
export const DIGEST_OFFSET = 8

const MAX_PASSWORD_LENGTH = 16

/** Octets of the digest, which is also the longest key. */
export function digestLength(type: BfdDigestType): 16 | 20 {
  return type === 'keyed-md5' || type === 'meticulous-keyed-md5' ? 16 : 20
}

/** Why a section is none, if so. */
export function authenticationProblem(section: Uint8Array): BfdDecodeReason | undefined {
  const type = typeOf(section[0] ?? 0)
  if (type === undefined) return 'authentication-type'
  const length = section[1] ?? 0
  // Nothing may follow: the Length of the packet ends with the section.
  if (length !== section.length) return 'authentication-length'
  if (type === 'simple-password')
    return length >= 4 && length <= 3 + MAX_PASSWORD_LENGTH ? undefined : 'authentication-length'
  return length === DIGEST_OFFSET + digestLength(type) ? undefined : 'authentication-length'
}

/** Decodes a section without an {@link authenticationProblem}; the bytes are copied. */
export function decodeAuthenticationSection(section: Uint8Array): AuthenticationSection | undefined {
  const type = typeOf(section[0] ?? 0)
  if (type === undefined) return undefined
  const keyId = section[2] ?? 0
  if (type === 'simple-password') return { type, keyId, password: copyFrom(section, 3) }
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength)
  return { type, keyId, sequenceNumber: view.getUint32(4), digest: copyFrom(section, DIGEST_OFFSET) }
}

export function authenticationSectionLength(section: AuthenticationSection): number {
  return section.type === 'simple-password'
    ? 3 + section.password.length
    : DIGEST_OFFSET + digestLength(section.type)
}

/**
 * ```text
 * |   Auth Type   |   Auth Len    |  Auth Key ID  |  Password...  |  simple password
 * |   Auth Type   |   Auth Len    |  Auth Key ID  |   Reserved    |  MD5 and SHA1
 * |                        Sequence Number                        |
 * |                        Digest (16 or 20)                      |
 * ```
 */
export function encodeAuthenticationSection(section: AuthenticationSection): Uint8Array {
  const bytes = new Uint8Array(authenticationSectionLength(section))
  bytes.set([TYPE_NUMBERS[section.type], bytes.length, section.keyId])
  if (section.type === 'simple-password') {
    bytes.set(section.password, 3)
    return bytes
  }
  new DataView(bytes.buffer).setUint32(4, section.sequenceNumber)
  bytes.set(section.digest, DIGEST_OFFSET)
  return bytes
}

/** `slice` of a Buffer is no copy. */
function copyFrom(bytes: Uint8Array, start: number): Uint8Array {
  return Uint8Array.from(bytes.subarray(start))
}

function typeOf(number: number): BfdAuthenticationType | undefined {
  switch (number) {
    case TYPE_NUMBERS['simple-password']:
      return 'simple-password'
    case TYPE_NUMBERS['keyed-md5']:
      return 'keyed-md5'
    case TYPE_NUMBERS['meticulous-keyed-md5']:
      return 'meticulous-keyed-md5'
    case TYPE_NUMBERS['keyed-sha1']:
      return 'keyed-sha1'
    case TYPE_NUMBERS['meticulous-keyed-sha1']:
      return 'meticulous-keyed-sha1'
    default:
      return undefined
  }
}
