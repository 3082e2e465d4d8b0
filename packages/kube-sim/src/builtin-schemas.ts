import { type JsonObject } from './json.ts'

/**
 * How the lists of built-in kinds merge, as far as it is not the default (replace). Not complete schemas: fields that
 * are not named here are allowed and merge key by key.
 */
const open = (properties: JsonObject): JsonObject => ({
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  properties
})

interface KeyedList {
  /** Key of a strategic merge patch. */
  readonly mergeKey: string
  /** Keys of server-side apply, when they are others. */
  readonly keys?: readonly string[]
  readonly defaults?: JsonObject
  readonly items?: JsonObject
  /** Server-side apply replaces the list. */
  readonly isAtomic?: boolean
}

function keyed({
  mergeKey,
  keys = [mergeKey],
  defaults = {},
  items = {},
  isAtomic = false
}: KeyedList): JsonObject {
  const properties: Record<string, JsonObject> = {}
  for (const [name, value] of Object.entries(defaults))
    if (value !== undefined) properties[name] = { default: value }
  const apply = isAtomic
    ? { 'x-kubernetes-list-type': 'atomic' }
    : { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys }
  return {
    type: 'array',
    items: open({ ...properties, ...items }),
    'x-kubernetes-patch-merge-key': mergeKey,
    'x-kubernetes-patch-strategy': 'merge',
    ...apply
  }
}

const SET: JsonObject = {
  type: 'array',
  items: { type: 'string' },
  'x-kubernetes-list-type': 'set',
  'x-kubernetes-patch-strategy': 'merge'
}
const ATOMIC_MAP: JsonObject = {
  type: 'object',
  'x-kubernetes-map-type': 'atomic',
  'x-kubernetes-preserve-unknown-fields': true
}
const CONDITIONS = keyed({ mergeKey: 'type' })

const CONTAINERS = keyed({
  mergeKey: 'name',
  items: {
    env: keyed({ mergeKey: 'name' }),
    ports: keyed({
      mergeKey: 'containerPort',
      keys: ['containerPort', 'protocol'],
      defaults: { protocol: 'TCP' }
    }),
    volumeMounts: keyed({ mergeKey: 'mountPath' }),
    volumeDevices: keyed({ mergeKey: 'devicePath' })
  }
})

const POD_SPEC = open({
  containers: CONTAINERS,
  initContainers: CONTAINERS,
  ephemeralContainers: CONTAINERS,
  volumes: keyed({ mergeKey: 'name' }),
  imagePullSecrets: keyed({ mergeKey: 'name' }),
  hostAliases: keyed({ mergeKey: 'ip' }),
  topologySpreadConstraints: keyed({ mergeKey: 'topologyKey', keys: ['topologyKey', 'whenUnsatisfiable'] }),
  nodeSelector: ATOMIC_MAP
})

export const SERVICE_SCHEMA: JsonObject = open({
  spec: open({
    ports: keyed({ mergeKey: 'port', keys: ['port', 'protocol'], defaults: { protocol: 'TCP' } }),
    selector: ATOMIC_MAP
  }),
  status: open({ conditions: CONDITIONS })
})

export const NODE_SCHEMA: JsonObject = open({
  spec: open({ podCIDRs: SET, taints: keyed({ mergeKey: 'key', isAtomic: true }) }),
  status: open({ conditions: CONDITIONS, addresses: keyed({ mergeKey: 'type' }) })
})

export const POD_SCHEMA: JsonObject = open({
  spec: POD_SPEC,
  status: open({
    conditions: CONDITIONS,
    podIPs: keyed({ mergeKey: 'ip' }),
    hostIPs: keyed({ mergeKey: 'ip', isAtomic: true })
  })
})

export const WORKLOAD_SCHEMA: JsonObject = open({
  spec: open({ selector: ATOMIC_MAP, template: open({ spec: POD_SPEC }) }),
  status: open({ conditions: CONDITIONS })
})

export const SERVICE_ACCOUNT_SCHEMA: JsonObject = open({
  secrets: keyed({ mergeKey: 'name' }),
  imagePullSecrets: keyed({ mergeKey: 'name', isAtomic: true })
})

export const WEBHOOKS_SCHEMA: JsonObject = open({ webhooks: keyed({ mergeKey: 'name' }) })

/** A kind with nothing but conditions to merge. */
export const CONDITIONS_SCHEMA: JsonObject = open({ status: open({ conditions: CONDITIONS }) })
