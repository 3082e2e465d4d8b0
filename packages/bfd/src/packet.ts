import {
  type AuthenticationSection,
  authenticationProblem,
  authenticationSectionLength,
  decodeAuthenticationSection,
  encodeAuthenticationSection
} from './authentication-section.ts'
import { BfdDecodeError, type BfdDecodeReason } from './errors.ts'

/** Octets of a control packet without an authentication section. */
export const BFD_PACKET_LENGTH = 24

/** RFC 5880 §4.1 and IANA's registry of diagnostic codes. */
export const BfdDiagnostic = {
  noDiagnostic: 0,
  controlDetectionTimeExpired: 1,
  echoFunctionFailed: 2,
  neighborSignaledSessionDown: 3,
  forwardingPlaneReset: 4,
  pathDown: 5,
  concatenatedPathDown: 6,
  administrativelyDown: 7,
  reverseConcatenatedPathDown: 8,
  misConnectivityDefect: 9
} as const

const STATES = ['adminDown', 'down', 'init', 'up'] as const

/** RFC 5880 §4.1 `Sta`. */
export type BfdSessionState = (typeof STATES)[number]

/** A control packet (RFC 5880 §4.1). Intervals are microseconds, as on the wire. */
export interface BfdControlPacket {
  /** 0–31; see {@link BfdDiagnostic}. */
  readonly diagnostic: number
  readonly state: BfdSessionState
  readonly poll: boolean
  readonly final: boolean
  readonly controlPlaneIndependent: boolean
  readonly demand: boolean
  /** 1–255. */
  readonly detectMultiplier: number
  /** Not zero. */
  readonly myDiscriminator: number
  /** Zero as long as it is not known. */
  readonly yourDiscriminator: number
  readonly desiredMinTxUs: number
  /** Zero asks for no periodic packets at all. */
  readonly requiredMinRxUs: number
  /** Zero: echo packets are not looped back. */
  readonly requiredMinEchoRxUs: number
  readonly authentication?: AuthenticationSection | undefined
}

const VERSION = 1
const FLAG = {
  poll: 0x20,
  final: 0x10,
  independent: 0x08,
  authentication: 0x04,
  demand: 0x02,
  multipoint: 0x01
}
const MIN_AUTHENTICATED_LENGTH = 26

/**
 * Decodes the payload of an UDP datagram. The bytes of an authentication section are copied, and not verified.
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 * |                       My Discriminator                        |
 * |                      Your Discriminator                       |
 * |                Desired Min TX Interval (us)                   |
 * |                Required Min RX Interval (us)                  |
 * |              Required Min Echo RX Interval (us)               |
 * |   Auth Type   |   Auth Len    |    Authentication Data...     |  if A is set
 * ```
 *
 * Octets after Length are ignored.
 *
 * @throws {@link BfdDecodeError}
 */
export function decodeControlPacket(bytes: Uint8Array): BfdControlPacket {
  const problem = controlPacketProblem(bytes)
  if (problem !== undefined) throw new BfdDecodeError(problem)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const flags = view.getUint8(1)
  return {
    diagnostic: view.getUint8(0) & 0x1f,
    state: stateOf(flags),
    poll: (flags & FLAG.poll) !== 0,
    final: (flags & FLAG.final) !== 0,
    controlPlaneIndependent: (flags & FLAG.independent) !== 0,
    demand: (flags & FLAG.demand) !== 0,
    detectMultiplier: view.getUint8(2),
    myDiscriminator: view.getUint32(4),
    yourDiscriminator: view.getUint32(8),
    desiredMinTxUs: view.getUint32(12),
    requiredMinRxUs: view.getUint32(16),
    requiredMinEchoRxUs: view.getUint32(20),
    authentication:
      (flags & FLAG.authentication) === 0
        ? undefined
        : decodeAuthenticationSection(bytes.subarray(BFD_PACKET_LENGTH, view.getUint8(3)))
  }
}

/** As {@link decodeControlPacket} decides, but without an object: why a packet is to be discarded, if so. */
export function controlPacketProblem(bytes: Uint8Array): BfdDecodeReason | undefined {
  if (bytes.length < BFD_PACKET_LENGTH) return 'too-short'
  const flags = bytes[1] ?? 0
  const length = bytes[3] ?? 0
  const isAuthenticated = (flags & FLAG.authentication) !== 0
  if ((bytes[0] ?? 0) >>> 5 !== VERSION) return 'version'
  if (length < (isAuthenticated ? MIN_AUTHENTICATED_LENGTH : BFD_PACKET_LENGTH)) return 'length'
  if (length > bytes.length) return 'length'
  if (bytes[2] === 0) return 'detect-multiplier'
  if ((flags & FLAG.multipoint) !== 0) return 'multipoint'
  if (readDiscriminator(bytes, 4) === 0) return 'my-discriminator'
  const mayBeUnknown = flags >>> 6 <= 1 // AdminDown or Down
  if (!mayBeUnknown && readDiscriminator(bytes, 8) === 0) return 'your-discriminator'
  return isAuthenticated ? authenticationProblem(bytes.subarray(BFD_PACKET_LENGTH, length)) : undefined
}

/** The Your Discriminator field of bytes without a {@link controlPacketProblem}. */
export function yourDiscriminatorOf(bytes: Uint8Array): number {
  return readDiscriminator(bytes, 8)
}

/** Whether the packet asks for an answer, or is one. */
export function hasPollOrFinal(bytes: Uint8Array): boolean {
  return ((bytes[1] ?? 0) & (FLAG.poll | FLAG.final)) !== 0
}

export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}

/** Encodes a control packet: 24 octets and the authentication section. Fields must be in their ranges. */
export function encodeControlPacket(packet: BfdControlPacket): Uint8Array {
  const { authentication } = packet
  const sectionLength = authentication === undefined ? 0 : authenticationSectionLength(authentication)
  const bytes = new Uint8Array(BFD_PACKET_LENGTH + sectionLength)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, (VERSION << 5) | packet.diagnostic)
  view.setUint8(1, flagsOf(packet))
  view.setUint8(2, packet.detectMultiplier)
  view.setUint8(3, bytes.length)
  view.setUint32(4, packet.myDiscriminator)
  view.setUint32(8, packet.yourDiscriminator)
  view.setUint32(12, packet.desiredMinTxUs)
  view.setUint32(16, packet.requiredMinRxUs)
  view.setUint32(20, packet.requiredMinEchoRxUs)
  if (authentication !== undefined) bytes.set(encodeAuthenticationSection(authentication), BFD_PACKET_LENGTH)
  return bytes
}

function flagsOf(packet: BfdControlPacket): number {
  let flags = STATES.indexOf(packet.state) << 6
  if (packet.poll) flags |= FLAG.poll
  if (packet.final) flags |= FLAG.final
  if (packet.controlPlaneIndependent) flags |= FLAG.independent
  if (packet.authentication !== undefined) flags |= FLAG.authentication
  if (packet.demand) flags |= FLAG.demand
  return flags
}

function stateOf(flags: number): BfdSessionState {
  return STATES[flags >>> 6] ?? 'down'
}

function readDiscriminator(bytes: Uint8Array, offset: number): number {
  const high = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
  const low = ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0)
  return high * 0x1_0000 + low
}
