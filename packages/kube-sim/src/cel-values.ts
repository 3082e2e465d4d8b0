import { isArray, isObject, type Json, type JsonObject, objectAt, stringAt } from './json.ts'

/** A value as CEL expressions see it. */
export type CelValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | readonly CelValue[]
  | { readonly [name: string]: CelValue }

/** Names that cannot be written as fields in CEL. */
const RESERVED = new Set([
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return'
])

/** Converts JSON for CEL: whole numbers become `bigint` where the schema says so, times become dates. */
export function celValue(value: Json, schema: JsonObject | undefined): CelValue {
  if (typeof value === 'number') return isWhole(value, schema) ? BigInt(value) : value
  if (typeof value === 'string') return celString(value, stringAt(schema, 'format'))
  if (isArray(value)) return value.map((item) => celValue(item, objectAt(schema, 'items')))
  if (!isObject(value)) return value
  const properties = objectAt(schema, 'properties')
  const additional = objectAt(schema, 'additionalProperties')
  const result: Record<string, CelValue> = {}
  for (const [name, child] of Object.entries(value)) {
    if (child === undefined) continue
    const below = objectAt(properties, name) ?? additional
    result[properties === undefined ? name : escapeName(name)] = celValue(child, below)
  }
  return result
}

/** Writes the name of a property so that it can stand behind a dot. */
function escapeName(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__')
}

function isWhole(value: number, schema: JsonObject | undefined): boolean {
  return Number.isInteger(value) && stringAt(schema, 'type') !== 'number'
}

function celString(value: string, format: string | undefined): CelValue {
  if (format === 'byte') return new Uint8Array(Buffer.from(value, 'base64'))
  if (format !== 'date' && format !== 'date-time') return value
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? value : date
}
