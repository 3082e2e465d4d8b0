import { type FieldProblem } from './api-error.ts'
import { checkRules } from './cel-rules.ts'
import {
  arrayAt,
  isArray,
  isEqual,
  isObject,
  type Json,
  type JsonObject,
  objectAt,
  stringAt,
  stringsAt,
  valueAt
} from './json.ts'
import { type KubeObject } from './kube-object.ts'

const STRATEGIES: readonly string[] = ['None', 'Webhook']

/** What is wrong with a CustomResourceDefinition. */
export function validateDefinition(crd: KubeObject): readonly FieldProblem[] {
  const spec = objectAt(crd, 'spec') ?? {}
  const group = stringAt(spec, 'group') ?? ''
  const plural = stringAt(spec, 'names', 'plural') ?? ''
  const problems: FieldProblem[] = []
  if (crd.metadata.name !== `${plural}.${group}`) {
    problems.push(invalid('metadata.name', crd.metadata.name, 'must be spec.names.plural+"."+spec.group'))
  }
  if (group === '') problems.push(required('spec.group'))
  else if (!group.includes('.'))
    problems.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
  const scope = stringAt(spec, 'scope')
  if (scope === undefined) problems.push(required('spec.scope'))
  else if (scope !== 'Cluster' && scope !== 'Namespaced')
    problems.push(unsupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  if (plural === '') problems.push(required('spec.names.plural'))
  if ((stringAt(spec, 'names', 'kind') ?? '') === '') problems.push(required('spec.names.kind'))
  const strategy = stringAt(spec, 'conversion', 'strategy')
  if (strategy !== undefined && !STRATEGIES.includes(strategy))
    problems.push(unsupported('spec.conversion.strategy', strategy, STRATEGIES))
  return [...problems, ...versionsProblems(spec)]
}

/** What must not change once a CustomResourceDefinition exists. */
export function validateDefinitionUpdate(crd: KubeObject, old: KubeObject): readonly FieldProblem[] {
  const fixed = ['spec.group', 'spec.scope', 'spec.names.plural', 'spec.names.kind']
  const problems = fixed.flatMap((field): FieldProblem[] => {
    const value = valueAt(crd, ...field.split('.'))
    return isEqual(value, valueAt(old, ...field.split('.')))
      ? []
      : [invalid(field, value, 'field is immutable')]
  })
  const versions = arrayAt(crd, 'spec', 'versions').map((version) => stringAt(version, 'name'))
  for (const [index, name] of stringsAt(old, 'status', 'storedVersions').entries()) {
    if (versions.includes(name)) continue
    const text = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
    problems.push(invalid(`status.storedVersions[${index}]`, name, text))
  }
  return problems
}

function versionsProblems(spec: JsonObject): readonly FieldProblem[] {
  const versions = arrayAt(spec, 'versions')
  if (versions.length === 0) return [required('spec.versions', 'must have at least one version')]
  const problems: FieldProblem[] = []
  if (versions.filter((version) => valueAt(version, 'storage') === true).length !== 1) {
    problems.push(
      invalid('spec.versions', versions, 'must have exactly one version marked as storage version')
    )
  }
  const names = new Set<string>()
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`
    const name = stringAt(version, 'name') ?? ''
    if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name))
      problems.push(
        invalid(
          `${path}.name`,
          name,
          'a DNS-1035 label must consist of lower case alphanumeric characters or "-"'
        )
      )
    if (names.has(name))
      problems.push({
        type: 'FieldValueDuplicate',
        field: `${path}.name`,
        message: `Duplicate value: ${JSON.stringify(name)}`
      })
    names.add(name)
    const schemaPath = `${path}.schema.openAPIV3Schema`
    const schema = objectAt(version, 'schema', 'openAPIV3Schema')
    if (schema === undefined) {
      problems.push(required(schemaPath, 'schemas are required'))
      continue
    }
    if (schema['type'] !== 'object')
      problems.push(invalid(`${schemaPath}.type`, schema['type'] ?? '', 'must be object at the root'))
    problems.push(...structuralProblems(schema, schemaPath), ...checkRules(schema, schemaPath))
  }
  return problems
}

/** The rules of structural schemas that people trip over: every field has a type, map keys exist. */
function structuralProblems(schema: JsonObject, path: string): readonly FieldProblem[] {
  const problems: FieldProblem[] = []
  const properties = objectAt(schema, 'properties')
  const below = (child: Json | undefined, childPath: string, what: string): void => {
    if (!isObject(child)) return
    if (!hasType(child))
      problems.push(required(`${childPath}.type`, `must not be empty for specified ${what}`))
    problems.push(...structuralProblems(child, childPath))
  }
  for (const [name, child] of Object.entries(properties ?? {}))
    below(child, `${path}.properties[${name}]`, 'object fields')
  below(schema['items'], `${path}.items`, 'array items')
  below(schema['additionalProperties'], `${path}.additionalProperties`, 'object fields')
  if (properties !== undefined && objectAt(schema, 'additionalProperties') !== undefined) {
    problems.push({
      type: 'FieldValueForbidden',
      field: `${path}.additionalProperties`,
      message: 'Forbidden: additionalProperties and properties are mutual exclusive'
    })
  }
  if (schema['type'] === 'array' && schema['items'] === undefined)
    problems.push(required(`${path}.items`, 'must be specified'))
  return [...problems, ...mapKeyProblems(schema, path)]
}

function hasType(schema: JsonObject): boolean {
  return (
    stringAt(schema, 'type') !== undefined ||
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] === true
  )
}

function mapKeyProblems(schema: JsonObject, path: string): readonly FieldProblem[] {
  if (schema['x-kubernetes-list-type'] !== 'map') return []
  const keys = schema['x-kubernetes-list-map-keys']
  if (!isArray(keys) || keys.length === 0)
    return [
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map')
    ]
  return stringsAt(schema, 'x-kubernetes-list-map-keys').flatMap((key, index): FieldProblem[] => {
    if (objectAt(schema, 'items', 'properties', key) !== undefined) return []
    return [
      invalid(
        `${path}.x-kubernetes-list-map-keys[${index}]`,
        key,
        'entries must all be names of item properties'
      )
    ]
  })
}

function required(field: string, text?: string): FieldProblem {
  return {
    type: 'FieldValueRequired',
    field,
    message: text === undefined ? 'Required value' : `Required value: ${text}`
  }
}

function invalid(field: string, value: Json | undefined, text: string): FieldProblem {
  return {
    type: 'FieldValueInvalid',
    field,
    message: `Invalid value: ${JSON.stringify(value ?? null)}: ${text}`
  }
}

function unsupported(field: string, value: string, supported: readonly string[]): FieldProblem {
  return {
    type: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((it) => JSON.stringify(it)).join(', ')}`
  }
}
