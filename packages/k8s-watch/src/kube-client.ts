import { type IncomingMessage } from 'node:http'
import { apiErrorOf, apiErrorOfWatch } from './api-status.ts'
import { hasStatus, KubeApiError, KubeTransportError, retryAfterOf } from './errors.ts'
import { type KubeContext, type KubeContextOptions, loadKubeContext } from './kube-config.ts'
import {
  type DeleteOptions,
  type ListOptions,
  type ListPage,
  PATCH_CONTENT_TYPES,
  type Patch,
  queryOf,
  type RequestOptions,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions
} from './kube-request.ts'
import { LineSplitter } from './line-splitter.ts'
import {
  formatKey,
  isKubeObject,
  isRecord,
  type KubeObject,
  keyOf,
  keyTextOf,
  type ObjectKey
} from './object.ts'
import { apiVersionOf, type ResourceRef, resourcePath } from './resource.ts'
import { monotonicNow, sleep } from './sleep.ts'
import { Transport, type TransportOptions } from './transport.ts'

export interface KubeClientOptions extends TransportOptions {
  /** How long a request may take, retries included, milliseconds. @defaultValue 30_000 */
  readonly timeoutMs?: number
  /** How often a 429, or a 503 that names a time, is tried again. @defaultValue 5 */
  readonly maxRetries?: number
  /** Longest answer, and longest line of a watch, that is held. @defaultValue 64 MiB; 8 MiB a line */
  readonly maxBodyBytes?: number
}

const MAX_LINE_BYTES = 8 * 1024 * 1024

/** Requests to one API server, for any resource. Objects are as the server sent them; nothing is cached. */
export class KubeClient {
  readonly #transport: Transport
  readonly #options: Required<Pick<KubeClientOptions, 'timeoutMs' | 'maxRetries' | 'maxBodyBytes'>>
  /** The namespace of the context or of the pod. */
  readonly namespace: string | undefined

  /** @throws KubeConfigError */
  constructor(context: KubeContext, options: KubeClientOptions = {}) {
    this.namespace = context.namespace
    this.#transport = new Transport(context, options)
    const { timeoutMs = 30_000, maxRetries = 5, maxBodyBytes = 64 * 1024 * 1024 } = options
    this.#options = { timeoutMs, maxRetries, maxBodyBytes }
  }

  /**
   * A client for the configuration that {@link loadKubeContext} finds.
   *
   * @throws KubeConfigError
   */
  static async load(options: KubeContextOptions & KubeClientOptions = {}): Promise<KubeClient> {
    return new KubeClient(await loadKubeContext(options), options)
  }

  /** Closes all connections; requests that are under way fail. */
  close(): void {
    this.#transport.close()
  }

  /** @throws KubeApiError (404 when there is none), KubeTransportError — as does every other method. */
  async get<T extends KubeObject>(
    resource: ResourceRef<T>,
    key: ObjectKey,
    options: RequestOptions = {}
  ): Promise<T> {
    const subject = `GET ${resource.plural} ${formatKey(key)}`
    return objectOf(await this.#json('GET', resourcePath(resource, key), { ...options, subject }), subject)
  }

  /** Like {@link get}, but gives `undefined` when there is no such object. */
  async find<T extends KubeObject>(
    resource: ResourceRef<T>,
    key: ObjectKey,
    options: RequestOptions = {}
  ): Promise<T | undefined> {
    try {
      return await this.get(resource, key, options)
    } catch (error) {
      if (hasStatus(error, 404)) return undefined
      throw error
    }
  }

  /** One page: everything, if no `limit` is given. */
  async list<T extends KubeObject>(
    resource: ResourceRef<T>,
    options: ListOptions = {}
  ): Promise<ListPage<T>> {
    const subject = `LIST ${resource.plural}`
    const path = resourcePath(resource, { namespace: options.namespace }) + queryOf(options)
    return listPageOf(await this.#json('GET', path, { ...options, subject }), resource, subject)
  }

  /**
   * Opens a watch and calls `onEvent` for each event until the stream ends. Resolves when the server ends it, as it
   * does from time to time.
   *
   * @throws KubeApiError for an HTTP error or an ERROR event; KubeTransportError `closed` when the stream is cut,
   * `aborted` by the signal.
   */
  async watch<T extends KubeObject>(resource: ResourceRef<T>, options: WatchOptions<T>): Promise<void> {
    const subject = `WATCH ${resource.plural}`
    const path =
      resourcePath(resource, { namespace: options.namespace }) + queryOf({ ...options, watch: true })
    const abort = linkedAbort(options.signal)
    const timer = setTimeout(() => abort.controller.abort(), options.timeoutMs ?? this.#options.timeoutMs)
    try {
      const request = { method: 'GET', path, body: undefined, contentType: undefined, subject }
      const response = await this.#transport.open({ ...request, signal: abort.controller.signal })
      if (response.statusCode !== 200) throw await this.#errorOf(response, subject)
      clearTimeout(timer)
      options.onOpen?.()
      await readWatch(response, resource, subject, options.onEvent)
    } catch (error) {
      throw abort.explain(error, subject)
    } finally {
      clearTimeout(timer)
      abort.controller.abort()
      abort.unlink()
    }
  }

  /** The namespace is the object's own. */
  async create<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: T,
    options: WriteOptions = {}
  ): Promise<T> {
    const { namespace } = keyOf(object)
    const subject = `POST ${resource.plural} ${keyTextOf(object)}`
    const path = resourcePath(resource, { namespace }) + queryOf(options)
    return objectOf(
      await this.#json('POST', path, { ...options, subject, body: typed(object, resource) }),
      subject
    )
  }

  /** Replaces the object. With a `resourceVersion` in it, only if that is still the current one (409 otherwise). */
  async update<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: T,
    options: WriteOptions = {}
  ): Promise<T> {
    const key = keyOf(object)
    const { subresource } = options
    const subject = subjectOf('PUT', resource, key, subresource)
    const path = resourcePath(resource, { ...key, subresource }) + queryOf(options)
    return objectOf(
      await this.#json('PUT', path, { ...options, subject, body: typed(object, resource) }),
      subject
    )
  }

  /** {@link update} of the `status` sub-resource. */
  async updateStatus<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: T,
    options: WriteOptions = {}
  ): Promise<T> {
    return this.update(resource, object, { ...options, subresource: 'status' })
  }

  async patch<T extends KubeObject>(
    resource: ResourceRef<T>,
    key: ObjectKey,
    patch: Patch,
    options: WriteOptions & { readonly force?: boolean } = {}
  ): Promise<T> {
    const { subresource } = options
    const subject = subjectOf('PATCH', resource, key, subresource)
    const path = resourcePath(resource, { ...key, subresource }) + queryOf(options)
    const contentType = PATCH_CONTENT_TYPES[patch.type]
    return objectOf(
      await this.#json('PATCH', path, { ...options, subject, body: patch.body, contentType }),
      subject
    )
  }

  /** Resolves when the server has accepted the deletion; finalizers may still run. */
  async delete(resource: ResourceRef, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const { preconditions, propagationPolicy, gracePeriodSeconds } = options
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions,
      propagationPolicy,
      gracePeriodSeconds
    }
    const subject = subjectOf('DELETE', resource, key, undefined)
    await this.#json('DELETE', resourcePath(resource, key), { ...options, subject, body })
  }

  /** GET of any path, e.g. `/version` or `/readyz`: parsed if it is JSON, text otherwise. */
  async getPath(path: string, options: RequestOptions = {}): Promise<unknown> {
    return this.#json('GET', path, { ...options, subject: `GET ${path}`, acceptText: true })
  }

  async #json(method: string, path: string, options: JsonOptions): Promise<unknown> {
    const maxRetries = options.maxRetries ?? this.#options.maxRetries
    const deadline = monotonicNow() + (options.timeoutMs ?? this.#options.timeoutMs)
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#jsonOnce(method, path, options, deadline - monotonicNow())
      } catch (error) {
        // Both mean that nothing was done, so that even a write may be repeated.
        const waitMs = hasStatus(error, 429) ? (retryAfterOf(error) ?? 1000) : retryAfterOf(error)
        if (!hasStatus(error, 429, 503) || waitMs === undefined) throw error
        if (attempt > maxRetries || monotonicNow() + waitMs >= deadline) throw error
        await sleep(waitMs, options.signal)
        if (options.signal?.aborted === true) throw error
      }
    }
  }

  async #jsonOnce(method: string, path: string, options: JsonOptions, timeoutMs: number): Promise<unknown> {
    const { subject, contentType } = options
    const abort = linkedAbort(options.signal)
    let isTimedOut = false
    const timer = setTimeout(() => {
      isTimedOut = true
      abort.controller.abort()
    }, timeoutMs)
    try {
      const body = options.body === undefined ? undefined : JSON.stringify(options.body)
      const { signal } = abort.controller
      const response = await this.#transport.open({ method, path, body, contentType, subject, signal })
      if ((response.statusCode ?? 500) >= 300) throw await this.#errorOf(response, subject)
      return parseBody(await readBody(response, this.#options.maxBodyBytes, subject), options)
    } catch (error) {
      if (isTimedOut) throw new KubeTransportError('timeout', subject, 'no answer in time', { cause: error })
      throw abort.explain(error, subject)
    } finally {
      clearTimeout(timer)
      abort.unlink()
    }
  }

  async #errorOf(response: IncomingMessage, subject: string): Promise<KubeApiError> {
    const text = await readBody(response, 1024 * 1024, subject)
    return apiErrorOf({ status: response.statusCode ?? 500, headers: response.headers, text }, subject)
  }
}

interface JsonOptions extends RequestOptions {
  readonly subject: string
  readonly body?: unknown
  readonly contentType?: string
  readonly acceptText?: boolean
}

function subjectOf(
  method: string,
  resource: ResourceRef,
  key: ObjectKey,
  subresource: string | undefined
): string {
  const suffix = subresource === undefined ? '' : ` ${subresource}`
  return `${method} ${resource.plural} ${formatKey(key)}${suffix}`
}

/** Items of a list come without them, and the server refuses an object without. */
function typed(object: KubeObject, resource: ResourceRef): KubeObject {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind }
}

function parseBody(text: string, { subject, acceptText }: JsonOptions): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (acceptText === true) return text
    throw new KubeTransportError('malformed', subject, `not JSON: ${text.slice(0, 80)}`, { cause: error })
  }
}

function objectOf<T extends KubeObject>(body: unknown, subject: string): T {
  if (isKubeObject<T>(body)) return body
  throw new KubeTransportError('malformed', subject, 'the answer is not an object')
}

function listPageOf<T extends KubeObject>(
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

async function readBody(response: IncomingMessage, maxBytes: number, subject: string): Promise<string> {
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

async function readWatch<T extends KubeObject>(
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

interface LinkedAbort {
  readonly controller: AbortController
  readonly unlink: () => void
  /** What a failure was really about. */
  readonly explain: (error: unknown, subject: string) => unknown
}

function linkedAbort(outer: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(outer?.reason)
  if (outer?.aborted === true) onAbort()
  outer?.addEventListener('abort', onAbort, { once: true })
  return {
    controller,
    unlink: () => outer?.removeEventListener('abort', onAbort),
    explain: (error, subject) => {
      if (outer?.aborted === true) {
        return new KubeTransportError('aborted', subject, 'given up', { cause: outer.reason })
      }
      const isOurTimeout = error instanceof KubeTransportError && error.reason === 'aborted'
      return isOurTimeout ? new KubeTransportError('timeout', subject, 'no answer in time') : error
    }
  }
}
