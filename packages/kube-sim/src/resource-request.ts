import { type IncomingMessage } from 'node:http'
import { type DeleteOptions } from './api.ts'
import { ApiError } from './api-error.ts'
import { chooseRepresentation, type RequestPath } from './api-request.ts'
import { type RequestFacts } from './faults.ts'
import { isObject, type Json, type JsonObject, stringAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { type ResourceType } from './resource-type.ts'
import { allOf, parseFieldSelector, parseLabelSelector, type Selector } from './selectors.ts'
import { type StoredObject } from './stored-object.ts'
import { type IncludeObject } from './table.ts'

/** An answer that is complete at once. */
export interface Answer {
  readonly code: number
  readonly body: string
  /** What was written. */
  readonly stored?: StoredObject
}

/** One request to a resource, parsed as far as all verbs need it. */
export interface ResourceRequest {
  readonly type: ResourceType
  readonly path: RequestPath
  readonly query: URLSearchParams
  readonly body: Json | undefined
  readonly request: IncomingMessage
  readonly facts: RequestFacts
  readonly warn: (text: string) => void
}

/** A JSON answer. */
export function json(code: number, body: JsonObject): Answer {
  return { code, body: JSON.stringify(body) }
}

/** Items of a list of a built-in kind do not say what they are: the list does. */
export function itemJson(type: ResourceType, stored: StoredObject): string {
  return type.isCustom ? stored.json(type) : stored.jsonWithoutType(type)
}

export function given(body: Json | undefined): Json {
  if (body === undefined) throw ApiError.badRequest('the request needs a body')
  return body
}

/** An applied object need not repeat its name. @throws {@link ApiError} if it has another one */
export function withName(applied: KubeObject, path: RequestPath): KubeObject {
  const { name: given } = applied.metadata
  const { name = '' } = path
  if (given !== '' && given !== name)
    throw ApiError.badRequest(
      `the name of the object (${given}) does not match the name on the URL (${name})`
    )
  return { ...applied, metadata: { ...applied.metadata, name } }
}

export function selectorOf({ type, query }: ResourceRequest): Selector | undefined {
  return allOf(
    parseLabelSelector(query.get('labelSelector') ?? undefined),
    parseFieldSelector(query.get('fieldSelector') ?? undefined, type.fieldSelectors)
  )
}

export function includeObjectOf({ query }: ResourceRequest): IncludeObject {
  const value = query.get('includeObject')
  return value === 'None' || value === 'Object' ? value : 'Metadata'
}

export function partialObject(object: KubeObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}

export function bookmarkObject(
  request: ResourceRequest,
  revision: number,
  isInitialEnd: boolean
): JsonObject {
  const annotations = isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  const metadata = { resourceVersion: String(revision), ...annotations }
  const representation = chooseRepresentation(request.request.headers.accept)
  if (representation === 'table')
    return {
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: String(revision) },
      columnDefinitions: [],
      rows: []
    }
  if (representation === 'partial')
    return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
  return { kind: request.type.kind, apiVersion: request.type.apiVersion, metadata }
}

export function deleteOptions({ body, query }: ResourceRequest): DeleteOptions {
  const options = isObject(body) ? body : {}
  const policy = query.get('propagationPolicy') ?? stringAt(options, 'propagationPolicy')
  if (policy !== undefined && policy !== 'Orphan' && policy !== 'Background' && policy !== 'Foreground') {
    throw ApiError.badRequest(`propagationPolicy: unsupported value: ${policy}`)
  }
  const isDryRun = query.has('dryRun') || (Array.isArray(options['dryRun']) && options['dryRun'].length > 0)
  return {
    propagationPolicy: policy ?? (stringAt(options, 'orphanDependents') === 'true' ? 'Orphan' : undefined),
    uid: stringAt(options, 'preconditions', 'uid'),
    resourceVersion: stringAt(options, 'preconditions', 'resourceVersion'),
    isDryRun
  }
}

/** Only the present can be listed. @throws {@link ApiError} for the past and the future */
export function checkListVersion(query: URLSearchParams, revision: number): void {
  const version = query.get('resourceVersion') ?? ''
  if (version === '') return
  if (!/^\d+$/.test(version)) throw ApiError.badRequest(`invalid resource version: ${version}`)
  const wanted = Number(version)
  if (wanted > revision) throw ApiError.tooLargeResourceVersion(wanted, revision)
  // Old states are not kept, apart from the pages of a list that has begun.
  if (query.get('resourceVersionMatch') === 'Exact' && wanted !== revision) {
    throw ApiError.expired(`The resourceVersion for the provided list is too old: ${wanted}`)
  }
}
