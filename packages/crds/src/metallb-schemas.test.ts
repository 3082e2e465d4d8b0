import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildCrdManifests, type OpenApiSchema } from './index.ts'

interface MetalLbFacts {
  /** What a CustomResourceDefinition says beside its schemas, conversion and warnings, by its name. */
  readonly definitions: Readonly<Record<string, unknown>>
  /** What a schema says about a field beside descriptions and messages, by kind, version and path. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Of MetalLB v0.16.1, config/manifests/metallb-native.yaml; BGPSessionState of frr-k8s v0.0.25, config/crd/bases. */
const FACTS = join(import.meta.dirname, '..', 'test', 'metallb-schemas.json')
const METALLB = JSON.parse(readFileSync(FACTS, 'utf8')) as MetalLbFacts

/** What is meant to be otherwise than there. */
const DIFFERENT: MetalLbFacts['fields'] = {
  // The whole range of LOCAL_PREF.
  'BGPAdvertisement v1beta1 .spec.localPref': {
    type: 'integer',
    format: 'int64',
    minimum: 0,
    maximum: 4294967295
  }
}
/** What MetalLB has not. */
const ADDED = ['L2Advertisement v1beta1 .spec.preferredNodeSelectors']

const manifests = buildCrdManifests()

function fieldsOf(path: string, schema: OpenApiSchema): readonly (readonly [string, object])[] {
  const { description: _, properties = {}, items, additionalProperties, required, ...facts } = schema
  const rules = facts['x-kubernetes-validations']?.map(({ rule }) => rule)
  return [
    [
      path,
      {
        ...facts,
        ...(required === undefined ? {} : { required: required.toSorted() }),
        ...(rules === undefined ? {} : { 'x-kubernetes-validations': rules })
      }
    ],
    ...Object.entries(properties).flatMap(([name, inner]) => fieldsOf(`${path}.${name}`, inner)),
    ...(items === undefined ? [] : fieldsOf(`${path}[]`, items)),
    ...(additionalProperties === undefined ? [] : fieldsOf(`${path}{}`, additionalProperties))
  ]
}

/** The facts about all fields of a version of a kind. */
function schemaFacts(kind: string, version: string): Readonly<Record<string, object>> {
  const { spec } = manifests.find((manifest) => manifest.spec.names.kind === kind) ?? {}
  const schema = spec?.versions.find(({ name }) => name === version)?.schema.openAPIV3Schema
  if (schema === undefined) throw new Error(`no ${kind} ${version}`)
  return Object.fromEntries(fieldsOf(`${kind} ${version} `, schema))
}

const VERSIONS = manifests.flatMap(({ spec }) =>
  spec.versions.map(({ name }) => [spec.names.kind, name] as const)
)

describe('MetalLB and we read what the other one wrote:', () => {
  test.each(VERSIONS)(
    'every field of %s %s is the same, but for what is meant to differ',
    (kind, version) => {
      const isOfIt = ([path]: readonly [string, unknown]): boolean => path.startsWith(`${kind} ${version} `)
      const isAdded = ([path]: readonly [string, unknown]): boolean =>
        ADDED.some((added) => path.startsWith(added))
      const ours = Object.entries(schemaFacts(kind, version)).filter((entry) => !isAdded(entry))
      const theirs = Object.entries({ ...METALLB.fields, ...DIFFERENT }).filter(isOfIt)
      expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs))
    }
  )

  test('there are the same kinds in the same versions, with the same columns', () => {
    const ours = manifests.map(({ metadata, spec }) => {
      const { conversion: _conversion, versions, ...facts } = spec
      const ofVersions = versions.map(
        ({ schema: _schema, deprecationWarning: _warning, ...version }) => version
      )
      return [metadata.name, { ...facts, versions: ofVersions }] as const
    })
    expect(Object.fromEntries(ours)).toEqual(METALLB.definitions)
  })
})

test('a server that converts BGPPeer itself, by copying, knows every field of v1beta1 in v1beta2', () => {
  const older = fieldPaths('v1beta1')
  expect(older).toContain('.spec.nodeSelectors[].matchExpressions[].values')
  expect(older.filter((path) => !fieldPaths('v1beta2').includes(path))).toEqual([])
})

function fieldPaths(version: string): readonly string[] {
  const prefix = `BGPPeer ${version} `
  return Object.keys(schemaFacts('BGPPeer', version)).map((path) => path.slice(prefix.length))
}
