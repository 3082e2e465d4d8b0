import { createRequire } from 'node:module'
import type {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  IPAddressPool,
  L2Advertisement
} from '@clarion-lb/crds'
import type * as Yaml from 'yaml'
import type { Problem } from './model.ts'
import { type Findings, ProblemList } from './problems.ts'
import type { ConfigResources } from './resources.ts'

export interface LegacyConfigResult {
  /** The same as resources; a pool of the protocol layer2 has an L2Advertisement of its name. */
  readonly resources: ConfigResources
  readonly problems: readonly Problem[]
}

type Fields = Readonly<Record<string, string>>

/** Keys of the ConfigMap, and the fields of the resources that they have become. */
const PEER_FIELDS: Fields = {
  'my-asn': 'myASN',
  'peer-asn': 'peerASN',
  'peer-address': 'peerAddress',
  'source-address': 'sourceAddress',
  'peer-port': 'peerPort',
  'hold-time': 'holdTime',
  'keepalive-time': 'keepaliveTime',
  'router-id': 'routerID',
  'node-selectors': 'nodeSelectors',
  password: 'password',
  'bfd-profile': 'bfdProfile',
  'ebgp-multihop': 'ebgpMultiHop'
}
const SELECTOR_FIELDS: Fields = { 'match-labels': 'matchLabels', 'match-expressions': 'matchExpressions' }
const POOL_FIELDS: Fields = {
  name: 'name',
  protocol: 'protocol',
  addresses: 'addresses',
  'avoid-buggy-ips': 'avoidBuggyIPs',
  'auto-assign': 'autoAssign',
  'bgp-advertisements': 'bgpAdvertisements'
}
const ADVERTISEMENT_FIELDS: Fields = {
  'aggregation-length': 'aggregationLength',
  'aggregation-length-v6': 'aggregationLengthV6',
  localpref: 'localPref',
  communities: 'communities'
}
const BFD_FIELDS: Fields = {
  name: 'name',
  'receive-interval': 'receiveInterval',
  'transmit-interval': 'transmitInterval',
  'detect-multiplier': 'detectMultiplier',
  'echo-interval': 'echoInterval',
  'echo-mode': 'echoMode',
  'passive-mode': 'passiveMode',
  'minimum-ttl': 'minimumTtl'
}
const TOP_FIELDS: Fields = {
  peers: 'peers',
  'bgp-communities': 'bgpCommunities',
  'address-pools': 'addressPools',
  'bfd-profiles': 'bfdProfiles'
}

/**
 * Reads the ConfigMap that MetalLB had before its resources (0.9 to 0.12): the text of its key `config`. Unknown keys
 * are errors, as they were there; they cost only the entry that they are in. Never throws.
 */
export function parseLegacyConfig(
  text: string,
  object: { readonly name: string; readonly namespace: string }
): LegacyConfigResult {
  const list = new ProblemList()
  const about = (): Findings => list.about('ConfigMap', { metadata: object })
  const findings = about()
  const top = readTop(text, findings)
  if (top === undefined) return { resources: {}, problems: list.problems }
  const pools = entriesOf(top['addressPools'], 'address-pools', findings).flatMap((entry, i) =>
    readPool(entry, `config.address-pools[${i}]`, about())
  )
  const peers = entriesOf(top['peers'], 'peers', findings).flatMap((entry, i): BGPPeer[] => {
    const path = `config.peers[${i}]`
    const spec = readPeer(entry, path, about())
    // The values are checked against the schema of the kind, as those of any BGPPeer are.
    return spec === undefined
      ? []
      : [
          {
            metadata: { ...object, name: `peer${i + 1}` },
            spec: { holdTime: '90s', ...spec } as NonNullable<BGPPeer['spec']>
          }
        ]
  })
  const bfdProfiles = entriesOf(top['bfdProfiles'], 'bfd-profiles', findings).flatMap(
    (entry, i): BFDProfile[] => {
      const fields = renamed(entry, BFD_FIELDS, `config.bfd-profiles[${i}]`, about())
      if (fields === undefined) return []
      const { name, ...spec } = fields
      return [{ metadata: { ...object, name: String(name) }, spec: spec as NonNullable<BFDProfile['spec']> }]
    }
  )
  const aliases = isRecord(top['bgpCommunities']) ? Object.entries(top['bgpCommunities']) : []
  const communities: Community[] =
    aliases.length === 0
      ? []
      : [
          {
            metadata: { ...object, name: 'communities' },
            spec: { communities: aliases.map(([name, value]) => ({ name, value: String(value) })) }
          }
        ]
  return {
    resources: {
      pools: pools.map(({ pool }) => pool),
      l2Advertisements: pools.flatMap(({ l2 }) => l2),
      bgpAdvertisements: pools.flatMap(({ bgp }) => bgp),
      bgpPeers: peers,
      bfdProfiles,
      communities
    },
    problems: list.problems
  }
}

function readTop(text: string, findings: Findings): Record<string, unknown> | undefined {
  const document = loadYaml().parseDocument(text, { uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) {
    findings.error({
      field: 'config',
      message: `is not YAML: ${error.message.split('\n')[0]}`,
      remedy: 'mend the text at that place'
    })
    return undefined
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    findings.error({
      field: 'config',
      message: `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: 'write it without anchors'
    })
    return undefined
  }
  return renamed(value ?? {}, TOP_FIELDS, 'config', findings)
}

interface LegacyPool {
  readonly pool: IPAddressPool
  readonly l2: L2Advertisement[]
  readonly bgp: BGPAdvertisement[]
}

function readPool(entry: unknown, path: string, findings: Findings): LegacyPool[] {
  const fields = renamed(entry, POOL_FIELDS, path, findings)
  if (fields === undefined) return []
  const { name: rawName, protocol, bgpAdvertisements, ...spec } = fields
  const name = typeof rawName === 'string' ? rawName : ''
  if (name === '') findings.error({ field: `${path}.name`, message: 'is required', remedy: 'name the pool' })
  if (protocol !== 'layer2' && protocol !== 'bgp') {
    findings.error({
      field: `${path}.protocol`,
      value: protocol,
      message: 'is not a protocol',
      remedy: 'use layer2 or bgp'
    })
  }
  if (protocol === 'layer2' && bgpAdvertisements !== undefined) {
    findings.error({
      field: `${path}.bgp-advertisements`,
      message: 'is for pools of the protocol bgp',
      remedy: 'remove it'
    })
  }
  const advertisements = entriesOf(
    bgpAdvertisements ?? (protocol === 'bgp' ? [{}] : []),
    `${path}.bgp-advertisements`,
    findings
  ).flatMap((advertisement, i): Record<string, unknown>[] => {
    const renamedFields = renamed(
      advertisement,
      ADVERTISEMENT_FIELDS,
      `${path}.bgp-advertisements[${i}]`,
      findings
    )
    return renamedFields === undefined ? [] : [renamedFields]
  })
  if (findings.hasErrors) return []
  const selected = { ipAddressPools: [name] }
  return [
    {
      // The values are checked against the schema of the kind, as those of any IPAddressPool are.
      pool: { metadata: { name }, spec: spec as unknown as NonNullable<IPAddressPool['spec']> },
      l2: protocol === 'layer2' ? [{ metadata: { name }, spec: selected }] : [],
      bgp: advertisements.map((advertisement, i) => ({
        metadata: { name: `${name}-${i + 1}` },
        spec: { ...advertisement, ...selected }
      }))
    }
  ]
}

function readPeer(entry: unknown, path: string, findings: Findings): Record<string, unknown> | undefined {
  const fields = renamed(entry, PEER_FIELDS, path, findings)
  if (fields === undefined) return undefined
  const { nodeSelectors, peerPort, ...rest } = fields
  const selectors = entriesOf(nodeSelectors, `${path}.node-selectors`, findings).flatMap(
    (selector, i): Record<string, unknown>[] => {
      const renamedFields = renamed(selector, SELECTOR_FIELDS, `${path}.node-selectors[${i}]`, findings)
      return renamedFields === undefined ? [] : [renamedFields]
    }
  )
  if (findings.hasErrors) return undefined
  return {
    ...rest,
    ...(peerPort === undefined || peerPort === 0 ? {} : { peerPort }),
    ...(selectors.length === 0 ? {} : { nodeSelectors: selectors })
  }
}

function entriesOf(value: unknown, path: string, findings: Findings): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  findings.error({ field: path, value, message: 'must be a list', remedy: 'begin each entry with `- `' })
  return []
}

/** The entry with the resource's names of its fields; `undefined`, with errors noted, if a key is not known. */
function renamed(
  entry: unknown,
  fields: Fields,
  path: string,
  findings: Findings
): Record<string, unknown> | undefined {
  if (!isRecord(entry)) {
    findings.error({
      field: path,
      value: entry,
      message: 'must be a mapping',
      remedy: 'write it as `key: value`'
    })
    return undefined
  }
  const known: Record<string, unknown> = {}
  let isKnown = true
  for (const [key, value] of Object.entries(entry)) {
    const name = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (name !== undefined) {
      if (value !== null) known[name] = value
      continue
    }
    isKnown = false
    findings.error({
      field: `${path}.${key}`,
      value,
      message: 'is not a key of the configuration',
      remedy: `use one of ${Object.keys(fields).join(', ')}`
    })
  }
  return isKnown ? known : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Not before there is such a ConfigMap: few clusters have one. */
function loadYaml(): typeof Yaml {
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- require() knows no types; this is the library's own
  const yaml: typeof Yaml = createRequire(import.meta.url)('yaml')
  return yaml
}
