/** The field of a resource that a key of the ConfigMap has become, and what its plain text means. */
export interface LegacyField {
  readonly name: string
  /** @defaultValue text, or what is not a scalar */
  readonly kind?: 'integer' | 'boolean'
}

export type LegacyFields = Readonly<Record<string, LegacyField>>

const text = (name: string): LegacyField => ({ name })
const integer = (name: string): LegacyField => ({ name, kind: 'integer' })
const boolean = (name: string): LegacyField => ({ name, kind: 'boolean' })

export const TOP_FIELDS: LegacyFields = {
  peers: text('peers'),
  'bgp-communities': text('bgpCommunities'),
  'address-pools': text('addressPools'),
  'bfd-profiles': text('bfdProfiles')
}
export const PEER_FIELDS: LegacyFields = {
  'my-asn': integer('myASN'),
  'peer-asn': integer('peerASN'),
  'peer-address': text('peerAddress'),
  'source-address': text('sourceAddress'),
  'peer-port': integer('peerPort'),
  'hold-time': text('holdTime'),
  'keepalive-time': text('keepaliveTime'),
  'router-id': text('routerID'),
  'node-selectors': text('nodeSelectors'),
  password: text('password'),
  'bfd-profile': text('bfdProfile'),
  'ebgp-multihop': boolean('ebgpMultiHop')
}
export const SELECTOR_FIELDS: LegacyFields = {
  'match-labels': text('matchLabels'),
  'match-expressions': text('matchExpressions')
}
export const POOL_FIELDS: LegacyFields = {
  name: text('name'),
  protocol: text('protocol'),
  addresses: text('addresses'),
  'avoid-buggy-ips': boolean('avoidBuggyIPs'),
  'auto-assign': boolean('autoAssign'),
  'bgp-advertisements': text('bgpAdvertisements')
}
export const ADVERTISEMENT_FIELDS: LegacyFields = {
  'aggregation-length': integer('aggregationLength'),
  'aggregation-length-v6': integer('aggregationLengthV6'),
  localpref: integer('localPref'),
  communities: text('communities')
}
export const BFD_FIELDS: LegacyFields = {
  name: text('name'),
  'receive-interval': integer('receiveInterval'),
  'transmit-interval': integer('transmitInterval'),
  'detect-multiplier': integer('detectMultiplier'),
  'echo-interval': integer('echoInterval'),
  'echo-mode': boolean('echoMode'),
  'passive-mode': boolean('passiveMode'),
  'minimum-ttl': integer('minimumTtl')
}

/**
 * The value of a field, of plain text. MetalLB read it by the type of the field, with the words of YAML 1.1 for true and false:
 * `no` is a boolean where one is wanted, and a text elsewhere. What makes no sense stays as it is, for the schema to refuse.
 */
export function legacyValue({ kind }: LegacyField, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (kind === 'integer' && /^[-+]?\d+$/.test(value)) return Number(value)
  if (kind !== 'boolean') return value
  if (/^(y|yes|true|on)$/i.test(value)) return true
  return /^(n|no|false|off)$/i.test(value) ? false : value
}
