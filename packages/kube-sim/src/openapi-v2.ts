import { type JsonObject } from './json.ts'
import { buildPaths } from './openapi-paths.ts'
import { type Registry } from './registry.ts'

/** `GET /openapi/v2`: no definitions, so that clients leave validation to the server. */
export function openApiV2(registry: Registry): JsonObject {
  const paths = Object.fromEntries(buildPaths(registry.all).map(({ path, operations }) => [path, operations]))
  return { swagger: '2.0', info: { title: 'kube-sim', version: 'v1.34.0' }, paths, definitions: {} }
}

/**
 * The same as a protobuf message `openapi.v2.Document` with `swagger` (field 1), `info` (2: `title` 1, `version` 2) and
 * empty `paths` (8) and `definitions` (9), which is enough for clients up to 1.26 that ask for nothing else.
 */
export function openApiV2Protobuf(): Uint8Array {
  const info = Buffer.concat([field(1, Buffer.from('kube-sim')), field(2, Buffer.from('v1.34.0'))])
  return Buffer.concat([
    field(1, Buffer.from('2.0')),
    field(2, info),
    field(8, Buffer.alloc(0)),
    field(9, Buffer.alloc(0))
  ])
}

/** A length-delimited protobuf field; lengths here are below 128, one byte. */
function field(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of((number << 3) | 2, value.length), value])
}
