import { type Json, type JsonObject } from './json.ts'
import { withMeta } from './kube-object.ts'
import { type Column, type ResourceType } from './resource-type.ts'
import { type StoredObject } from './stored-object.ts'

/** What goes into `object` of a row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** How a `Table` is made. */
export interface TableOptions {
  readonly includeObject: IncludeObject
  readonly nowMs: number
}

const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
  cell: (object) => object.metadata.name
}

const AGE: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since creation.',
  priority: 0,
  cell: (object, now) => formatAge(object.metadata.creationTimestamp, now)
}

/** `columnDefinitions` of the table of a resource. */
function columnDefinitions(type: ResourceType): readonly Json[] {
  return columnsOf(type).map(({ name, type: valueType, format = '', description = name, priority }) => ({
    name,
    type: valueType,
    format,
    description,
    priority
  }))
}

/** One row of a table. */
function tableRow(
  type: ResourceType,
  stored: StoredObject,
  { includeObject, nowMs }: TableOptions
): JsonObject {
  const object = stored.in(type)
  const cells = columnsOf(type).map((column) => column.cell(object, nowMs) ?? '')
  if (includeObject === 'None') return { cells }
  if (includeObject === 'Object') return { cells, object }
  const { metadata } = withMeta(object, { managedFields: undefined })
  return { cells, object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata } }
}

/** A whole table, as text. */
export function formatTable(
  type: ResourceType,
  metadata: JsonObject,
  objects: readonly StoredObject[],
  options: TableOptions
): string {
  const rows = objects.map((stored) => tableRow(type, stored, options))
  return JSON.stringify({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columnDefinitions(type),
    rows
  })
}

function columnsOf(type: ResourceType): readonly Column[] {
  return type.columns.length === 0 ? [NAME, AGE] : [NAME, ...type.columns]
}

/** The column that ends most tables. */
export const AGE_COLUMN: Column = AGE

/** A time span as kubectl writes it: `5s`, `3m20s`, `4h`, `2d3h`. */
export function formatAge(since: string | null | undefined, nowMs: number): string {
  if (since === undefined || since === null || since === '') return '<unknown>'
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(since)) / 1000))
  if (Number.isNaN(seconds)) return '<unknown>'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return joined(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return joined(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (days < 8) return joined(days, 'd', hours % 24, 'h')
  return days < 730 ? `${days}d` : `${Math.floor(days / 365)}y`
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`
}
