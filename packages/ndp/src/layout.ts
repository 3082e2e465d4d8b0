/** ICMPv6 types (IANA). */
export const ICMPV6_TYPE = { NEIGHBOR_SOLICITATION: 135, NEIGHBOR_ADVERTISEMENT: 136 } as const
/** Neighbor Discovery option types (IANA). */
export const ND_OPTION = { SOURCE_LINK_LAYER: 1, TARGET_LINK_LAYER: 2 } as const
export const ND_HOP_LIMIT = 255

/** Offsets in an untagged frame: no extension headers, which RFC 6980 forbids for fragments and nobody sends. */
export const AT = {
  PAYLOAD_LENGTH: 18,
  NEXT_HEADER: 20,
  HOP_LIMIT: 21,
  SOURCE: 22,
  DESTINATION: 38,
  TYPE: 54,
  CODE: 55,
  CHECKSUM: 56,
  FLAGS: 58,
  TARGET: 62,
  OPTIONS: 78
} as const

/** Shortest solicitation or advertisement: no options. */
export const MIN_MESSAGE_LENGTH = 24
/** Router, Solicited and Override: the top bits of the flags. */
export const FLAG = { ROUTER: 0x80, SOLICITED: 0x40, OVERRIDE: 0x20 } as const
