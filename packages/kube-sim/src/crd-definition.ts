import { arrayAt, isObject, type JsonObject, objectAt, stringAt, stringsAt, without } from './json.ts'
import { type KubeObject } from './kube-object.ts'

/** The names of a custom resource, complete. */
interface CustomNames {
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly listKind: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
}

/** One version of a custom resource. */
interface CustomVersion {
  readonly name: string
  readonly isServed: boolean
  readonly isStorage: boolean
  readonly schema: JsonObject
  readonly hasStatus: boolean
  /** Text of the warning that goes with each answer. */
  readonly deprecationWarning: string | undefined
  readonly selectableFields: readonly string[]
  /** As written in the definition. */
  readonly source: JsonObject
}

/** A CustomResourceDefinition as the server reads it. */
export interface CustomDefinition {
  readonly name: string
  readonly group: string
  readonly names: CustomNames
  readonly isNamespaced: boolean
  readonly versions: readonly CustomVersion[]
}

/** Everything that `spec.preserveUnknownFields` or a missing schema would allow. */
const ANYTHING: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** Reads a CustomResourceDefinition that has been validated. */
export function readDefinition(crd: KubeObject): CustomDefinition {
  const spec = objectAt(crd, 'spec') ?? {}
  const group = stringAt(spec, 'group') ?? ''
  const names = readNames(objectAt(spec, 'names') ?? {})
  return {
    name: crd.metadata.name,
    group,
    names,
    isNamespaced: spec['scope'] === 'Namespaced',
    versions: arrayAt(spec, 'versions')
      .filter(isObject)
      .map((version) => readVersion(version, group, names.kind))
  }
}

function readNames(names: JsonObject): CustomNames {
  const kind = stringAt(names, 'kind') ?? ''
  return {
    plural: stringAt(names, 'plural') ?? '',
    singular: stringAt(names, 'singular') ?? kind.toLowerCase(),
    kind,
    listKind: stringAt(names, 'listKind') ?? `${kind}List`,
    shortNames: stringsAt(names, 'shortNames'),
    categories: stringsAt(names, 'categories')
  }
}

function readVersion(version: JsonObject, group: string, kind: string): CustomVersion {
  const name = stringAt(version, 'name') ?? ''
  const warning = stringAt(version, 'deprecationWarning') ?? `${group}/${name} ${kind} is deprecated`
  return {
    name,
    isServed: version['served'] === true,
    isStorage: version['storage'] === true,
    schema: objectAt(version, 'schema', 'openAPIV3Schema') ?? ANYTHING,
    hasStatus: objectAt(version, 'subresources', 'status') !== undefined,
    deprecationWarning: version['deprecated'] === true ? warning : undefined,
    selectableFields: arrayAt(version, 'selectableFields').flatMap(
      (field) => stringAt(field, 'jsonPath')?.replace(/^\./, '') ?? []
    ),
    source: version
  }
}

/** Writes the defaults of a CustomResourceDefinition into its `spec`. */
export function defaultDefinition(crd: KubeObject): KubeObject {
  const spec = objectAt(crd, 'spec')
  if (spec === undefined) return crd
  const { shortNames, categories, ...names } = readNames(objectAt(spec, 'names') ?? {})
  const lists = {
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories })
  }
  const complete: JsonObject = {
    ...without(spec, 'preserveUnknownFields'),
    conversion: objectAt(spec, 'conversion') ?? { strategy: 'None' },
    names: { ...(names.plural === '' ? without(names, 'plural') : names), ...lists }
  }
  return { ...crd, spec: complete }
}
