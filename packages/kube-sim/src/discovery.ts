import { type Json, type JsonObject } from './json.ts'
import { type Registry } from './registry.ts'
import { type ResourceType } from './resource-type.ts'

/** The verbs that every resource answers. */
const VERBS: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch'
]
const STATUS_VERBS: readonly string[] = ['get', 'patch', 'update']

/** Resources that are called, not stored. */
const REVIEWS: Readonly<Record<string, readonly (readonly [plural: string, kind: string])[]>> = {
  'authentication.k8s.io/v1': [
    ['tokenreviews', 'TokenReview'],
    ['selfsubjectreviews', 'SelfSubjectReview']
  ],
  'authorization.k8s.io/v1': [
    ['subjectaccessreviews', 'SubjectAccessReview'],
    ['selfsubjectaccessreviews', 'SelfSubjectAccessReview'],
    ['selfsubjectrulesreviews', 'SelfSubjectRulesReview']
  ]
}

interface GroupVersions {
  readonly group: string
  readonly versions: readonly string[]
}

function groupsOf(registry: Registry): readonly GroupVersions[] {
  const groups = new Map<string, string[]>()
  const pairs = registry.all.map(({ group, version }) => [group, version] as const)
  const reviews = Object.keys(REVIEWS).map((name) => name.split('/'))
  for (const [group = '', version = ''] of [...pairs, ...reviews]) {
    const versions = groups.get(group) ?? []
    if (!versions.includes(version)) versions.push(version)
    groups.set(group, versions)
  }
  return [...groups].map(([group, versions]) => ({ group, versions: versions.toSorted(compareVersions) }))
}

/** Orders versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1, anything else by name. */
export function compareVersions(left: string, right: string): number {
  const a = rankVersion(left)
  const b = rankVersion(right)
  for (let index = 0; index < a.length; index++) {
    const order = (b[index] ?? 0) - (a[index] ?? 0)
    if (order !== 0) return order
  }
  return left < right ? -1 : left > right ? 1 : 0
}

function rankVersion(version: string): readonly number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (match === null) return [0, 0, 0]
  const [, major, stage, minor] = match
  return [stage === undefined ? 3 : stage === 'beta' ? 2 : 1, Number(major), Number(minor ?? 0)]
}

/** `GET /apis` */
export function apiGroupList(registry: Registry): JsonObject {
  const groups = groupsOf(registry).filter(({ group }) => group !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(formatGroup) }
}

/** `GET /apis/GROUP`, or `undefined` for a group that is not served. */
export function apiGroup(registry: Registry, name: string): JsonObject | undefined {
  const found = groupsOf(registry).find(({ group }) => group === name && group !== '')
  return found === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...formatGroup(found) }
}

function formatGroup({ group, versions }: GroupVersions): JsonObject {
  const formatted = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: formatted, preferredVersion: formatted[0] }
}

/** `GET /api/v1` and `GET /apis/GROUP/VERSION`, or `undefined` for what is not served. */
export function apiResourceList(registry: Registry, groupVersion: string): JsonObject | undefined {
  const types = registry.all.filter((type) => type.apiVersion === groupVersion)
  const reviews = REVIEWS[groupVersion] ?? []
  if (types.length === 0 && reviews.length === 0) return undefined
  const resources = types.flatMap((type): Json[] => {
    const main: JsonObject = {
      name: type.plural,
      singularName: type.singular,
      namespaced: type.isNamespaced,
      kind: type.kind,
      verbs: VERBS,
      ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
      ...(type.categories.length === 0 ? {} : { categories: type.categories }),
      storageVersionHash: ''
    }
    if (!type.hasStatus) return [main]
    return [
      main,
      {
        name: `${type.plural}/status`,
        singularName: '',
        namespaced: type.isNamespaced,
        kind: type.kind,
        verbs: STATUS_VERBS
      }
    ]
  })
  const called = reviews.map(([name, kind]) => ({
    name,
    singularName: kind.toLowerCase(),
    namespaced: false,
    kind,
    verbs: ['create']
  }))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: [...resources, ...called] }
}

/** Aggregated discovery: `GET /api` and `GET /apis` with `as=APIGroupDiscoveryList`. */
export function aggregatedDiscovery(registry: Registry, root: 'api' | 'apis', version: string): JsonObject {
  const groups = groupsOf(registry).filter(({ group }) => (group === '') === (root === 'api'))
  const items = groups.map(({ group, versions }) => ({
    metadata: { name: group === '' ? undefined : group, creationTimestamp: null },
    versions: versions.map((name) => ({
      version: name,
      freshness: 'Current',
      resources: aggregatedResources(registry, group, name)
    }))
  }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items }
}

function aggregatedResources(registry: Registry, group: string, version: string): readonly Json[] {
  const types = registry.all.filter((type) => type.group === group && type.version === version)
  const reviews = REVIEWS[`${group}/${version}`] ?? []
  const called = reviews.map(([resource, kind]) => ({
    resource,
    responseKind: { group, version, kind },
    scope: 'Cluster',
    singularResource: kind.toLowerCase(),
    verbs: ['create']
  }))
  return [...types.map(aggregatedResource), ...called]
}

function aggregatedResource(type: ResourceType): JsonObject {
  const responseKind = { group: type.group, version: type.version, kind: type.kind }
  return {
    resource: type.plural,
    responseKind,
    scope: type.isNamespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: VERBS,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    ...(type.hasStatus
      ? { subresources: [{ subresource: 'status', responseKind, verbs: STATUS_VERBS }] }
      : {})
  }
}
