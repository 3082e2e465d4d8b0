import { randomUUID } from 'node:crypto'
import { ApiError } from './api-error.ts'
import { isObject, type Json, type JsonDraft, without } from './json.ts'
import { decodeKubeObject, type KubeObject, type ObjectMeta, withMeta } from './kube-object.ts'
import { type ResourceType } from './resource-type.ts'
import { randomSuffix } from './write-rules.ts'

/**
 * Reads an object that a client has sent to a resource.
 *
 * @param namespace and `name` of the request's path; the object must not contradict them.
 * @throws {@link ApiError} BadRequest
 */
export function decodeWritten(
  type: ResourceType,
  body: Json,
  namespace: string | undefined,
  name: string | undefined
): KubeObject {
  const filled = isObject(body) ? { apiVersion: type.apiVersion, kind: type.kind, ...body } : body
  let object = decodeKubeObject(filled)
  if (object.apiVersion !== type.apiVersion || object.kind !== type.kind) {
    const got = `${object.apiVersion}, Kind=${object.kind}`
    throw ApiError.badRequest(
      `the API version in the data (${got}) does not match the expected API version (${type.apiVersion}, Kind=${type.kind})`
    )
  }
  const { namespace: given } = object.metadata
  if (!type.isNamespaced) {
    if (given !== undefined && given !== '')
      throw ApiError.badRequest(`namespace is not allowed on this type: ${given}`)
    object = withMeta(object, { namespace: undefined })
  } else if (given === undefined || given === '') {
    object = withMeta(object, { namespace: namespace ?? 'default' })
  } else if (namespace !== undefined && given !== namespace) {
    throw ApiError.badRequest(
      `the namespace of the provided object does not match the namespace sent on the request (${given} vs ${namespace})`
    )
  }
  if (name !== undefined) {
    if (object.metadata.name === '') object = withMeta(object, { name })
    if (object.metadata.name !== name) {
      throw ApiError.badRequest(
        `the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`
      )
    }
  }
  return type.toStorage?.(object) ?? object
}

/** What the server writes into an object that is new. */
export function prepareNew(type: ResourceType, given: KubeObject, now: string): KubeObject {
  const { generateName = '' } = given.metadata
  const needsName = given.metadata.name === '' && generateName !== ''
  const metadata: JsonDraft & ObjectMeta = {
    ...without(
      given.metadata,
      'resourceVersion',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'generation',
      'selfLink'
    ),
    name: needsName ? generateName.slice(0, 58) + randomSuffix() : given.metadata.name,
    uid: randomUUID(),
    creationTimestamp: now,
    ...(type.hasGeneration ? { generation: 1 } : {})
  }
  if (!type.hasStatus || type.keepsStatusOnCreate) return { ...given, metadata }
  const { status: _status, ...rest } = given
  return { ...rest, apiVersion: given.apiVersion, kind: given.kind, metadata }
}
