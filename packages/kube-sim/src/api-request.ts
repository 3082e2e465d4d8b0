import { type IncomingMessage } from 'node:http'
import { parse as parseYaml } from 'yaml'
import { ApiError } from './api-error.ts'
import { type Json, parseJson } from './json.ts'
import { readProtobufObject } from './protobuf-objects.ts'

/** Where a request goes. */
export interface RequestPath {
  readonly group: string
  readonly version: string
  readonly namespace: string | undefined
  readonly plural: string
  readonly name: string | undefined
  readonly subresource: string | undefined
}

/** Parses `/api/v1/…` and `/apis/GROUP/VERSION/…`; `undefined` for other paths. */
export function parseRequestPath(path: string): RequestPath | undefined {
  const steps = path
    .split('/')
    .filter((step) => step !== '')
    .map(decodeStep)
  const isCore = steps[0] === 'api'
  if (!isCore && steps[0] !== 'apis') return undefined
  const group = isCore ? '' : steps[1]
  const version = steps[isCore ? 1 : 2]
  let rest = steps.slice(isCore ? 2 : 3)
  if (group === undefined || version === undefined || rest.length === 0) return undefined
  let namespace: string | undefined
  // `namespaces/x`, `namespaces/x/status` and `namespaces/x/finalize` are about the namespace itself.
  const isNamespaceItself =
    rest.length <= 2 || (isCore && rest.length === 3 && (rest[2] === 'status' || rest[2] === 'finalize'))
  if (rest[0] === 'namespaces' && !isNamespaceItself) {
    namespace = rest[1]
    rest = rest.slice(2)
  }
  const [plural, name, subresource, ...more] = rest
  if (plural === undefined || more.length > 0) return undefined
  return { group, version, namespace, plural, name, subresource }
}

function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    throw ApiError.badRequest('the path is not well encoded')
  }
}

/** The media type of a body, without parameters. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

/** Reads and parses the body: JSON, or YAML where the media type says so. @throws {@link ApiError} */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Json | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    length += bytes.length
    if (length > limitBytes)
      throw new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`)
    chunks.push(bytes)
  }
  if (length === 0) return undefined
  const type = mediaType(request)
  if (type.includes('protobuf')) return readProtobufBody(Buffer.concat(chunks))
  const text = Buffer.concat(chunks).toString('utf8')
  try {
    if (!type.includes('yaml')) return parseJson(text)
    // A YAML document without tags has the value of a JSON document; aliases are limited against expansion.
    return parseYaml(text, { maxAliasCount: 100 }) as Json
  } catch (error) {
    throw ApiError.badRequest(
      `the body cannot be read: ${error instanceof Error ? error.message : String(error)}`
    )
  }
}

function readProtobufBody(bytes: Buffer): Json {
  let why = 'of this kind are not supported'
  try {
    const object = readProtobufObject(bytes)
    if (object !== undefined) return object
  } catch (error) {
    why = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
  throw new ApiError(
    'UnsupportedMediaType',
    `protobuf bodies ${why}; send application/json, as kubectl apply does`
  )
}

/** What a client wants lists and objects to look like. */
export type Representation = 'json' | 'table' | 'partial'

/** Chooses from the `Accept` header; what we cannot do (protobuf) is answered in JSON. */
export function chooseRepresentation(accept: string | undefined): Representation {
  for (const choice of (accept ?? '').split(',')) {
    const parts = choice.split(';').map((part) => part.trim())
    if (parts[0] !== 'application/json' && parts[0] !== '*/*' && parts[0] !== '') continue
    const as = parts.find((part) => part.startsWith('as='))?.slice(3)
    const isV1 = !parts.includes('v=v1beta1')
    if (as === 'Table' && isV1) return 'table'
    if ((as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') && isV1) return 'partial'
    if (as === undefined) return 'json'
  }
  return 'json'
}
