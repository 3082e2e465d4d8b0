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
import {
  ADVERTISEMENT_FIELDS,
  BFD_FIELDS,
  type LegacyFields,
  legacyValue,
  PEER_FIELDS,
  POOL_FIELDS,
  SELECTOR_FIELDS,
  TOP_FIELDS
} from './legacy-fields.ts'
import type { Problem } from './model.ts'
import { type Findings, ProblemList } from './problems.ts'
import type { ConfigResources } from './resources.ts'

export interface LegacyConfigResult {
  /**
   * The same as resources; a pool of the protocol layer2 has an L2Advertisement of its name. `undefined`: the text is no
   * configuration at all, which says nothing of what is wanted.
   */
  readonly resources: ConfigResources | undefined
  readonly problems: readonly Problem[]
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
  if (top === undefined) return { resources: undefined, problems: list.problems }
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
      const path = `config.bfd-profiles[${i}]`
      const fields = renamed(entry, BFD_FIELDS, path, about())
      if (fields === undefined) return []
      const { name, ...spec } = fields
      if (typeof name !== 'string' || name === '') {
        findings.error({ field: `${path}.name`, message: 'is required', remedy: 'name the profile' })
        return []
      }
      return [{ metadata: { ...object, name }, spec: spec as NonNullable<BFDProfile['spec']> }]
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

/** Plain scalars stay the text that they are: what they mean depends on the field. */
function readTop(text: string, findings: Findings): Record<string, unknown> | undefined {
  const { isScalar, parseAllDocuments, visit } = loadYaml()
  const documents = parseAllDocuments(text, { uniqueKeys: true, merge: true })
  // Only the first one counts; an empty text has none.
  const [document] = 'empty' in documents ? [] : documents
  const [error] = document?.errors ?? []
  if (error !== undefined) {
    findings.error({
      field: 'config',
      message: `is not YAML: ${error.message.split('\n')[0]}`,
      remedy: 'mend the text at that place'
    })
    return undefined
  }
  if (document === undefined) return {}
  visit(document, {
    Scalar: (_key, node) => {
      const isOther = typeof node.value === 'number' || typeof node.value === 'boolean'
      if (isScalar(node) && isOther && node.source !== undefined) node.value = node.source
    }
  })
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
  return readFields(value ?? {}, TOP_FIELDS, 'config', findings)?.known
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
  const isAdvertised = Array.isArray(bgpAdvertisements)
    ? bgpAdvertisements.length > 0
    : bgpAdvertisements !== undefined
  if (protocol === 'layer2' && isAdvertised) {
    findings.error({
      field: `${path}.bgp-advertisements`,
      message: 'is for pools of the protocol bgp',
      remedy: 'remove it'
    })
  }
  const advertisements = entriesOf(
    protocol === 'bgp' && !isAdvertised ? [{}] : bgpAdvertisements,
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
  fields: LegacyFields,
  path: string,
  findings: Findings
): Record<string, unknown> | undefined {
  const read = readFields(entry, fields, path, findings)
  return read?.isWhole === true ? read.known : undefined
}

/** What is known of the keys of an entry, and whether that is all; `undefined`: it is no mapping. */
function readFields(
  entry: unknown,
  fields: LegacyFields,
  path: string,
  findings: Findings
): { readonly known: Record<string, unknown>; readonly isWhole: boolean } | undefined {
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
  let isWhole = true
  for (const [key, value] of Object.entries(entry)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (field !== undefined) {
      if (value !== null) known[field.name] = legacyValue(field, value)
      continue
    }
    isWhole = false
    findings.error({
      field: `${path}.${key}`,
      value,
      message: 'is not a key of the configuration',
      remedy: `use one of ${Object.keys(fields).join(', ')}`
    })
  }
  return { known, isWhole }
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
