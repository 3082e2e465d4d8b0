import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import type * as Cel from '@marcbachmann/cel-js'
import { KINDS, type KindName, type KindVersion } from './kind.ts'
import { schemaOf } from './manifest.ts'
import type { CelRule, OpenApiSchema } from './schema.ts'

/** A field that the schema of its kind does not allow. */
export interface SchemaProblem {
  /** Path, as `spec.addresses[1]`. */
  readonly field: string
  /** The value, as short JSON text; `undefined` where something is missing. */
  readonly value: string | undefined
  readonly message: string
}

const MAX_PROBLEMS = 100
const MAX_VALUE_CHARACTERS = 80
const SHORT_DURATION = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/

/**
 * Everything that the schema of the kind says against an object, at most 100 problems. Rules on changes are looked at
 * only when there is an object before. Never throws, whatever the object.
 */
export function validate(kindName: KindName, object: unknown, before?: unknown): SchemaProblem[] {
  const problems: SchemaProblem[] = []
  const kind = KINDS[kindName]
  const version = versionOf(kindName, object)
  if (version === undefined)
    return [
      {
        field: 'apiVersion',
        value: format(propertyOf(object, 'apiVersion')),
        message: 'is not a version of this kind'
      }
    ]
  check(schemaOf(version, kind.description), object, { path: '', before, problems })
  return problems
}

/** The version that an object says it is of; the stored one if it says nothing. */
export function versionOf(kindName: KindName, object: unknown): KindVersion | undefined {
  const apiVersion = propertyOf(object, 'apiVersion')
  const { group, versions } = KINDS[kindName]
  if (apiVersion === undefined) return versions.find(({ isStored }) => isStored)
  return versions.find(({ name }) => apiVersion === `${group}/${name}`)
}

/** A copy of the object with the defaults of its kind filled in. Fields that are there stay as they are. */
export function withDefaults<T>(kindName: KindName, object: T): T {
  const version = versionOf(kindName, object)
  if (version === undefined) return object
  // The schema decides what is added, so the type stays what it was.
  return fill(schemaOf(version, ''), object) as T
}

interface Place {
  readonly path: string
  readonly before: unknown
  readonly problems: SchemaProblem[]
}

function check(schema: OpenApiSchema, value: unknown, place: Place): void {
  const { path, problems } = place
  const report = (message: string, at: string = path, shown: unknown = value): void => {
    if (problems.length < MAX_PROBLEMS)
      problems.push({ field: at === '' ? '.' : at, value: format(shown), message })
  }
  switch (schema.type) {
    case 'object':
      if (!isRecord(value)) return report('must be an object')
      checkObject(schema, value, place, report)
      break
    case 'array':
      if (!Array.isArray(value)) return report('must be a list')
      if (value.length < (schema.minItems ?? 0)) report(`must have at least ${schema.minItems} items`)
      for (const [i, item] of value.entries()) {
        if (schema.items !== undefined)
          check(schema.items, item, { path: `${path}[${i}]`, before: undefined, problems })
      }
      break
    case 'string':
      if (typeof value !== 'string') return report('must be a text')
      if (schema.enum !== undefined && !schema.enum.includes(value))
        return report(`must be one of ${schema.enum.join(', ')}`)
      checkText(schema, value, report)
      break
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) return report('must be a whole number')
      if (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity)) {
        return report(`must be from ${schema.minimum ?? '−∞'} to ${schema.maximum ?? '∞'}`)
      }
      break
    case 'boolean':
      if (typeof value !== 'boolean') return report('must be true or false')
      break
  }
  for (const rule of schema['x-kubernetes-validations'] ?? []) {
    if (!holds(rule, value, place.before)) report(rule.message)
  }
}

function checkText(schema: OpenApiSchema, value: string, report: (message: string) => void): void {
  const { minLength = 0, maxLength = Infinity, pattern } = schema
  if (value.length < minLength) return report('must not be empty')
  // Counted as API servers do, by code points, of which no text has more than UTF-16 units.
  if (value.length > maxLength && Array.from(value).length > maxLength)
    return report(`must have at most ${maxLength} characters`)
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) report(`must match ${pattern}`)
}

function checkObject(
  schema: OpenApiSchema,
  value: Record<string, unknown>,
  { path, before, problems }: Place,
  report: (message: string, at?: string, shown?: unknown) => void
): void {
  const join = (name: string): string => (path === '' ? name : `${path}.${name}`)
  for (const name of schema.required ?? []) {
    if (value[name] === undefined || value[name] === null) reportMissing(problems, join(name))
  }
  for (const [name, inner] of Object.entries(value)) {
    // null is how YAML says that nothing is there.
    if (inner === undefined || inner === null) continue
    const property = Object.hasOwn(schema.properties ?? {}, name)
      ? schema.properties?.[name]
      : schema.additionalProperties
    if (property !== undefined)
      check(property, inner, { path: join(name), before: propertyOf(before, name), problems })
    else if (schema.properties !== undefined) report('is not a field of this kind', join(name), inner)
  }
}

function reportMissing(problems: SchemaProblem[], field: string): void {
  if (problems.length < MAX_PROBLEMS) problems.push({ field, value: undefined, message: 'is required' })
}

function holds({ rule }: CelRule, self: unknown, oldSelf: unknown): boolean {
  if (rule.includes('oldSelf') && oldSelf === undefined) return true
  if (rule.includes('duration(') && (typeof self !== 'string' || !SHORT_DURATION.test(self))) return false
  const { evaluate } = loadCel()
  try {
    return evaluate(rule, { self, oldSelf }) === true
  } catch {
    return false
  }
}

function fill(schema: OpenApiSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? value : value.map((item) => fill(items, item))
  }
  if (!isRecord(value)) return value
  const filled: Record<string, unknown> = { ...value }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (filled[name] !== undefined) filled[name] = fill(property, filled[name])
    else if (property.default !== undefined) filled[name] = property.default
  }
  return filled
}

function propertyOf(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function format(value: unknown): string | undefined {
  if (value === undefined) return undefined
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    // Circular, or a bigint: not from JSON, but nothing here may throw.
  }
  text ??= inspect(value, { depth: 1 })
  return text.length > MAX_VALUE_CHARACTERS ? `${text.slice(0, MAX_VALUE_CHARACTERS)}…` : text
}

/** Not before a rule is there to be evaluated: most clusters have no object of a kind with rules. */
function loadCel(): typeof Cel {
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- require() knows no types; this is the library's own
  const cel: typeof Cel = createRequire(import.meta.url)('@marcbachmann/cel-js')
  return cel
}
