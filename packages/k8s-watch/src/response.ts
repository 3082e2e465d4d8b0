import type { IncomingMessage } from 'node:http'
import { apiErrorOfWatch } from './api-status.ts'
import { KubeApiError, KubeTransportError } from './errors.ts'
import type { ListPage, WatchEvent } from './kube-request.ts'
import { LineSplitter } from './line-splitter.ts'
import { isCreated, isKubeObject, isRecord, type KubeObject } from './object.ts'
import { apiVersionOf, type ResourceRef } from './resource.ts'

/** Longest line of a watch. The server's own limit for an object is below 2 MiB. */
const MAX_LINE_BYTES = 8 * 1024 * 1024

export function parseBody(text: string, subject: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new KubeTransportError('malformed', subject, `not JSON: ${text.slice(0, 80)}`, { cause: error })
  }
}

export function objectOf<T extends KubeObject>(body: unknown, subject: string): T {
  if (isKubeObject<T>(body)) return body
  throw new KubeTransportError('malformed', subject, 'the answer is not an object')
}

/** {@link objectOf} for the answer to a create. */
export function createdOf<T extends KubeObject>(body: unknown, subject: string): T {
  if (isCreated<T>(body)) return body
  throw new KubeTransportError('malformed', subject, 'the answer is not an object')
}

export function listPageOf<T extends KubeObject>(
  body: unknown,
  resource: ResourceRef<T>,
  subject: string
): ListPage<T> {
  const { items, metadata } = isRecord(body) ? body : {}
  if (!isRecord(metadata)) throw new KubeTransportError('malformed', subject, 'the answer is not a list')
  const { resourceVersion, continue: next, remainingItemCount } = metadata
  const objects: T[] = []
  // An empty list of some servers is null.
  const entries: readonly unknown[] = Array.isArray(items) ? items : []
  for (const item of entries) {
    if (!isKubeObject<T>(item)) throw new KubeTransportError('malformed', subject, 'an item is not an object')
    objects.push(
      item.kind === undefined ? { apiVersion: apiVersionOf(resource), kind: resource.kind, ...item } : item
    )
  }
  return {
    items: objects,
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    continue: typeof next === 'string' && next !== '' ? next : undefined,
    remainingItemCount: typeof remainingItemCount === 'number' ? remainingItemCount : undefined
  }
}

export async function readBody(
  response: IncomingMessage,
  maxBytes: number,
  subject: string
): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response) {
      if (!(chunk instanceof Uint8Array)) continue
      length += chunk.length
      if (length > maxBytes) {
        throw new KubeTransportError('too-large', subject, `the answer is longer than ${maxBytes} bytes`)
      }
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof KubeTransportError) throw error
    throw new KubeTransportError('closed', subject, 'the connection ended inside the answer', {
      cause: error
    })
  }
  return Buffer.concat(chunks, length).toString('utf8')
}

export async function readWatch<T extends KubeObject>(
  response: IncomingMessage,
  resource: ResourceRef<T>,
  subject: string,
  onEvent: (event: WatchEvent<T>) => void
): Promise<void> {
  const splitter = new LineSplitter(MAX_LINE_BYTES)
  try {
    for await (const chunk of response) {
      if (!(chunk instanceof Uint8Array)) continue
      for (const line of splitter.push(chunk)) onEvent(parseWatchLine(line, resource, subject))
    }
  } catch (error) {
    if (error instanceof KubeApiError || error instanceof KubeTransportError) throw error
    const reason = error instanceof RangeError ? 'too-large' : 'closed'
    throw new KubeTransportError(reason, subject, 'the stream was cut', { cause: error })
  }
  // Half a line: the stream was cut, however politely.
  if (splitter.pendingBytes > 0)
    throw new KubeTransportError('closed', subject, 'the stream ended inside an event')
}

function parseWatchLine<T extends KubeObject>(
  line: string,
  resource: ResourceRef<T>,
  subject: string
): WatchEvent<T> {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch (error) {
    throw new KubeTransportError('malformed', subject, `not an event: ${line.slice(0, 80)}`, { cause: error })
  }
  const { type, object } = isRecord(event) ? event : {}
  if (type === 'ERROR') throw apiErrorOfWatch(object, subject)
  if (type === 'BOOKMARK' && isRecord(object) && isRecord(object['metadata'])) {
    const { resourceVersion } = object['metadata']
    if (typeof resourceVersion === 'string') return { type, resourceVersion }
  }
  if ((type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') && isKubeObject<T>(object)) {
    return { type, object }
  }
  throw new KubeTransportError(
    'malformed',
    subject,
    `not an event of ${resource.plural}: ${line.slice(0, 80)}`
  )
}
