import type { IpFamily } from '@clarion-lb/netaddr'
import { Reader, WireError, Writer } from '@clarion-lb/wire'
import { AFI, afiSafiOf, familyOf } from './family.ts'
import type { Capabilities, FqdnCapability, GracefulRestartCapability, UnknownCapability } from './model.ts'
import { decodePeerText, encodeText } from './text.ts'

/** Codes of the IANA registry "Capability Codes", as far as they are known here. */
export const CAPABILITY = {
  MULTIPROTOCOL: 1,
  ROUTE_REFRESH: 2,
  EXTENDED_NEXT_HOP: 5,
  EXTENDED_MESSAGE: 6,
  GRACEFUL_RESTART: 64,
  FOUR_OCTET_ASN: 65,
  ENHANCED_ROUTE_REFRESH: 70,
  FQDN: 73
} as const

/** A capability as it is on the wire (RFC 5492 §4). */
export type RawCapability = UnknownCapability

/** {@link Capabilities}, and the AS number that one of them carries (RFC 6793 §3). */
export interface DecodedCapabilities {
  readonly capabilities: Capabilities
  readonly fourOctetAsn: number | undefined
}

/** What an OPEN without capabilities says. */
export const NO_CAPABILITIES: Capabilities = {
  families: [],
  hasFourOctetAsn: false,
  hasRouteRefresh: false,
  hasEnhancedRouteRefresh: false,
  hasExtendedMessage: false,
  hasExtendedNextHop: false,
  gracefulRestart: undefined,
  fqdn: undefined,
  unknown: []
}

const MAX_RESTART_TIME_S = 0xfff
const MAX_VALUE_LENGTH = 255
/** Of each name. Other speakers keep no more, and with less the OPEN could outgrow peers without RFC 9072. */
const MAX_NAME_LENGTH = 64

/**
 * What the capabilities of an OPEN say. Of several of one kind families are joined, and of the others the last one
 * counts (RFC 4724 §3). One that is malformed is as good as absent, and kept among the unknown ones.
 *
 * @throws {@link WireError} if the four-octet AS number is malformed: the two speakers would read each other's
 *   AS_PATHs wrong
 */
export function decodeCapabilities(list: readonly RawCapability[]): DecodedCapabilities {
  let capabilities = NO_CAPABILITIES
  const unknown: UnknownCapability[] = []
  let fourOctetAsn: number | undefined
  for (const raw of list) {
    if (raw.code === CAPABILITY.FOUR_OCTET_ASN) {
      const reader = new Reader(raw.value)
      fourOctetAsn = reader.uint32()
      if (reader.remaining > 0)
        throw new WireError('value', reader.offset, 'a four-octet AS number is longer')
      capabilities = { ...capabilities, hasFourOctetAsn: true }
      continue
    }
    const known = decodeKnown(raw, capabilities)
    if (known === undefined) unknown.push({ code: raw.code, value: raw.value.slice() })
    else capabilities = { ...capabilities, ...known }
  }
  return { capabilities: { ...capabilities, unknown }, fourOctetAsn }
}

/** `undefined`: not known here, or malformed. */
function decodeKnown(
  { code, value }: RawCapability,
  before: Capabilities
): Partial<Capabilities> | undefined {
  switch (code) {
    case CAPABILITY.MULTIPROTOCOL: {
      const family = decodeMultiprotocol(value)
      if (family === undefined) return undefined
      return before.families.includes(family) ? {} : { families: [...before.families, family] }
    }
    case CAPABILITY.ROUTE_REFRESH:
      return value.length === 0 ? { hasRouteRefresh: true } : undefined
    case CAPABILITY.EXTENDED_NEXT_HOP:
      return hasIpv4OverIpv6(value) ? { hasExtendedNextHop: true } : undefined
    case CAPABILITY.EXTENDED_MESSAGE:
      return value.length === 0 ? { hasExtendedMessage: true } : undefined
    case CAPABILITY.GRACEFUL_RESTART: {
      const gracefulRestart = decodeGracefulRestart(value)
      return gracefulRestart && { gracefulRestart }
    }
    case CAPABILITY.ENHANCED_ROUTE_REFRESH:
      return value.length === 0 ? { hasEnhancedRouteRefresh: true } : undefined
    case CAPABILITY.FQDN: {
      const fqdn = decodeFqdn(value)
      return fqdn && { fqdn }
    }
    default:
      return undefined
  }
}

/** RFC 4760 §8: AFI (2), reserved (1), SAFI (1). */
function decodeMultiprotocol(value: Uint8Array): IpFamily | undefined {
  const [high = 0, low = 0, , safi = 0] = value
  return value.length === 4 ? familyOf({ afi: high * 256 + low, safi }) : undefined
}

/** RFC 8950 §4: a list of NLRI AFI (2), NLRI SAFI (2), next hop AFI (2). */
function hasIpv4OverIpv6(value: Uint8Array): boolean {
  if (value.length === 0 || value.length % 6 !== 0) return false
  const reader = new Reader(value)
  let isThere = false
  while (reader.remaining > 0) {
    const family = familyOf({ afi: reader.uint16(), safi: reader.uint16() })
    if (reader.uint16() === AFI[6] && family === 4) isThere = true
  }
  return isThere
}

/** RFC 4724 §3: flags (4 bits) and restart time (12 bits, seconds), then AFI (2), SAFI (1), flags (1) for each family. */
function decodeGracefulRestart(value: Uint8Array): GracefulRestartCapability | undefined {
  if (value.length < 2 || (value.length - 2) % 4 !== 0) return undefined
  const reader = new Reader(value)
  const flagsAndTime = reader.uint16()
  const families: GracefulRestartCapability['families'][number][] = []
  while (reader.remaining > 0) {
    const family = familyOf({ afi: reader.uint16(), safi: reader.uint8() })
    const isForwardingPreserved = (reader.uint8() & 0x80) !== 0
    if (family !== undefined) families.push({ family, isForwardingPreserved })
  }
  return {
    isRestarting: (flagsAndTime & 0x8000) !== 0,
    hasNotification: (flagsAndTime & 0x4000) !== 0,
    restartTimeMs: (flagsAndTime & MAX_RESTART_TIME_S) * 1000,
    families
  }
}

/** Length (1) and host name, length (1) and domain name. Inner lengths are the peer's word, checked against the value. */
function decodeFqdn(value: Uint8Array): FqdnCapability | undefined {
  const [hostLength = 0] = value
  const domainLength = value[1 + hostLength]
  if (domainLength === undefined || value.length < 2 + hostLength + domainLength) return undefined
  const domainStart = 2 + hostLength
  return {
    hostName: decodePeerText(value.subarray(1, 1 + hostLength)),
    domainName: decodePeerText(value.subarray(domainStart, domainStart + domainLength))
  }
}

/** The wire form, in ascending order of codes; {@link Capabilities.unknown} is left out. */
export function encodeCapabilities(capabilities: Capabilities, asn: number): RawCapability[] {
  const list: RawCapability[] = []
  const add = (code: number, ...value: number[]): void => {
    list.push({ code, value: Uint8Array.from(value) })
  }
  for (const family of capabilities.families) {
    const { afi, safi } = afiSafiOf(family)
    add(CAPABILITY.MULTIPROTOCOL, 0, afi, 0, safi)
  }
  if (capabilities.hasRouteRefresh) add(CAPABILITY.ROUTE_REFRESH)
  if (capabilities.hasExtendedNextHop) {
    const { afi, safi } = afiSafiOf(4)
    add(CAPABILITY.EXTENDED_NEXT_HOP, 0, afi, 0, safi, 0, AFI[6])
  }
  if (capabilities.hasExtendedMessage) add(CAPABILITY.EXTENDED_MESSAGE)
  if (capabilities.gracefulRestart !== undefined) {
    list.push({
      code: CAPABILITY.GRACEFUL_RESTART,
      value: encodeGracefulRestart(capabilities.gracefulRestart)
    })
  }
  if (capabilities.hasFourOctetAsn) {
    list.push({ code: CAPABILITY.FOUR_OCTET_ASN, value: new Writer(new Uint8Array(4)).uint32(asn).written() })
  }
  if (capabilities.hasEnhancedRouteRefresh) add(CAPABILITY.ENHANCED_ROUTE_REFRESH)
  if (capabilities.fqdn !== undefined) {
    const host = encodeText(capabilities.fqdn.hostName, MAX_NAME_LENGTH)
    const domain = encodeText(capabilities.fqdn.domainName, MAX_NAME_LENGTH)
    add(CAPABILITY.FQDN, host.length, ...host, domain.length, ...domain)
  }
  return list
}

function encodeGracefulRestart(capability: GracefulRestartCapability): Uint8Array {
  const writer = new Writer(new Uint8Array(MAX_VALUE_LENGTH))
  const flags = (capability.isRestarting ? 0x8000 : 0) | (capability.hasNotification ? 0x4000 : 0)
  const restartTimeS = Math.min(MAX_RESTART_TIME_S, Math.ceil(capability.restartTimeMs / 1000))
  writer.uint16(flags | restartTimeS)
  for (const { family, isForwardingPreserved } of capability.families) {
    const { afi, safi } = afiSafiOf(family)
    writer
      .uint16(afi)
      .uint8(safi)
      .uint8(isForwardingPreserved ? 0x80 : 0)
  }
  return writer.written()
}
