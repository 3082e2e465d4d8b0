/** Codes of the IANA registry "BGP Path Attributes", as far as they are known here. */
export const ATTRIBUTE = {
  ORIGIN: 1,
  AS_PATH: 2,
  NEXT_HOP: 3,
  MULTI_EXIT_DISC: 4,
  LOCAL_PREF: 5,
  ATOMIC_AGGREGATE: 6,
  AGGREGATOR: 7,
  COMMUNITIES: 8,
  ORIGINATOR_ID: 9,
  CLUSTER_LIST: 10,
  MP_REACH_NLRI: 14,
  MP_UNREACH_NLRI: 15,
  EXTENDED_COMMUNITIES: 16,
  AS4_PATH: 17,
  AS4_AGGREGATOR: 18,
  IPV6_EXTENDED_COMMUNITIES: 25,
  LARGE_COMMUNITY: 32,
  ONLY_TO_CUSTOMER: 35
} as const

/** Bits of the attribute flags (RFC 4271 §4.3). The lower four mean nothing. */
export const FLAG = { OPTIONAL: 0x80, TRANSITIVE: 0x40, PARTIAL: 0x20, EXTENDED_LENGTH: 0x10 } as const

export const WELL_KNOWN: number = FLAG.TRANSITIVE
export const OPTIONAL_TRANSITIVE: number = FLAG.OPTIONAL | FLAG.TRANSITIVE
export const OPTIONAL_NON_TRANSITIVE: number = FLAG.OPTIONAL
/** The two bits that say which of the three an attribute is. */
export const CATEGORY_MASK: number = FLAG.OPTIONAL | FLAG.TRANSITIVE
