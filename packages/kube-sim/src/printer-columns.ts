import { arrayAt, type Json, type JsonObject, numberAt, stringAt } from './json.ts'
import { compileJsonPath } from './json-path.ts'
import { type Column } from './resource-type.ts'
import { AGE_COLUMN, formatAge } from './table.ts'

const TYPES: readonly Column['type'][] = ['string', 'integer', 'number', 'boolean', 'date']

/** The columns of `kubectl get` for one version of a CustomResourceDefinition. */
export function printerColumns(version: JsonObject): readonly Column[] {
  const columns = arrayAt(version, 'additionalPrinterColumns')
  if (columns.length === 0) return [AGE_COLUMN]
  return columns.map((column): Column => {
    const type = TYPES.find((known) => known === stringAt(column, 'type')) ?? 'string'
    const find = compileJsonPath(stringAt(column, 'jsonPath') ?? '')
    return {
      name: stringAt(column, 'name') ?? '',
      type,
      format: stringAt(column, 'format'),
      description:
        stringAt(column, 'description') ??
        'Custom resource definition column (in JSONPath format): ' + (stringAt(column, 'jsonPath') ?? ''),
      priority: numberAt(column, 'priority') ?? 0,
      cell: (object, now) => formatCell(find?.(object)[0], type, now)
    }
  })
}

function formatCell(value: Json | undefined, type: Column['type'], now: number): ReturnType<Column['cell']> {
  if (value === undefined || value === null) return undefined
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : undefined
    case 'number':
      return typeof value === 'number' ? value : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'date':
      return typeof value === 'string' ? formatAge(value, now) : undefined
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value)
  }
}
