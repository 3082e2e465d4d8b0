import type { IncomingMessage } from 'node:http'
import { type AccessRequest, type AccessVerdict, accessRequestOf, isAllowedBy } from './access.ts'
import { apiErrorOf } from './api-status.ts'
import { hasStatus, type KubeApiError, KubeTransportError, retryAfterOf } from './errors.ts'
import { type KubeContext, type KubeContextOptions, loadKubeContext } from './kube-config.ts'
import {
  APPLY_CONTENT_TYPE,
  type ApplyOptions,
  type DeleteOptions,
  type ListOptions,
  type ListPage,
  PATCH_CONTENT_TYPES,
  type Patch,
  queryOf,
  type RequestOptions,
  type WatchOptions,
  type WriteOptions
} from './kube-request.ts'
import { linkedAbort } from './linked-abort.ts'
import { formatKey, type KubeObject, keyOf, keyTextOf, type ObjectKey } from './object.ts'
import { apiVersionOf, type ResourceRef, resourcePath } from './resource.ts'
import { createdOf, listPageOf, objectOf, parseBody, readBody, readWatch } from './response.ts'
import { Signal } from './signal.ts'
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

/** Requests to one API server, for any resource. Objects are as the server sent them; nothing is cached. */
export class KubeClient {
  readonly #transport: Transport
  readonly #options: Required<Pick<KubeClientOptions, 'timeoutMs' | 'maxRetries' | 'maxBodyBytes'>>
  readonly #verdicts = new Signal<AccessVerdict>()
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

  /** Calls `listener` with each answer that tells whether a right is there. Gives the function that ends this. */
  onAccess(listener: (verdict: AccessVerdict) => void): () => void {
    return this.#verdicts.subscribe(listener)
  }

  /** @throws KubeApiError (404 when there is none), KubeTransportError — as does every other method. */
  async get<T extends KubeObject>(
    resource: ResourceRef<T>,
    key: ObjectKey,
    options: RequestOptions = {}
  ): Promise<T> {
    const subject = `GET ${resource.plural} ${formatKey(key)}`
    const access = accessRequestOf('get', resource)
    return objectOf(
      await this.#json('GET', resourcePath(resource, key), { ...options, subject, access }),
      subject
    )
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
    const access = accessRequestOf('list', resource)
    return listPageOf(await this.#json('GET', path, { ...options, subject, access }), resource, subject)
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
    const access = accessRequestOf('watch', resource)
    const path =
      resourcePath(resource, { namespace: options.namespace }) + queryOf({ ...options, watch: true })
    const abort = linkedAbort(options.signal)
    const timer = setTimeout(() => abort.controller.abort(), options.timeoutMs ?? this.#options.timeoutMs)
    try {
      const request = { method: 'GET', path, body: undefined, contentType: undefined, subject }
      const response = await this.#transport.open({ ...request, signal: abort.controller.signal })
      if (response.statusCode !== 200) throw await this.#errorOf(response, subject, access)
      clearTimeout(timer)
      this.#verdicts.emit({ ...access, isAllowed: true })
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
    const access = accessRequestOf('create', resource, options.subresource)
    return createdOf(
      await this.#json('POST', path, { ...options, subject, access, body: typed(object, resource) }),
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
    const access = accessRequestOf('update', resource, subresource)
    return objectOf(
      await this.#json('PUT', path, { ...options, subject, access, body: typed(object, resource) }),
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
    options: WriteOptions = {}
  ): Promise<T> {
    return this.#patch(resource, key, patch.body, PATCH_CONTENT_TYPES[patch.type], options)
  }

  /**
   * Server-side apply: of the object only what the field manager wants to own. Creates it if there is none. `apiVersion`
   * and `kind` need not be stated.
   */
  async apply<T extends KubeObject, Applied extends KubeObject>(
    resource: ResourceRef<T>,
    object: Applied,
    options: ApplyOptions
  ): Promise<T> {
    return this.#patch(resource, keyOf(object), typed(object, resource), APPLY_CONTENT_TYPE, options)
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
    const access = accessRequestOf('delete', resource)
    await this.#json('DELETE', resourcePath(resource, key), { ...options, subject, access, body })
  }

  /** GET of any path, e.g. `/version` or `/readyz`: parsed if it is JSON, text otherwise. */
  async getPath(path: string, options: RequestOptions = {}): Promise<unknown> {
    return this.#json('GET', path, { ...options, subject: `GET ${path}`, acceptText: true })
  }

  async #patch<T extends KubeObject>(
    resource: ResourceRef<T>,
    key: ObjectKey,
    body: object,
    contentType: string,
    options: WriteOptions
  ): Promise<T> {
    const { subresource } = options
    const subject = subjectOf('PATCH', resource, key, subresource)
    const path = resourcePath(resource, { ...key, subresource }) + queryOf(options)
    const access = accessRequestOf('patch', resource, subresource)
    return objectOf(
      await this.#json('PATCH', path, { ...options, subject, access, body, contentType }),
      subject
    )
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
        if (options.signal?.aborted === true) {
          throw new KubeTransportError('aborted', options.subject, 'given up', { cause: error })
        }
      }
    }
  }

  async #jsonOnce(method: string, path: string, options: JsonOptions, timeoutMs: number): Promise<unknown> {
    const { subject, contentType, access } = options
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
      if ((response.statusCode ?? 500) >= 300) throw await this.#errorOf(response, subject, access)
      if (access !== undefined) this.#verdicts.emit({ ...access, isAllowed: true })
      const text = await readBody(response, this.#options.maxBodyBytes, subject)
      return options.acceptText === true && !isJson(response) ? text : parseBody(text, subject)
    } catch (error) {
      if (isTimedOut) throw new KubeTransportError('timeout', subject, 'no answer in time', { cause: error })
      throw abort.explain(error, subject)
    } finally {
      clearTimeout(timer)
      abort.unlink()
    }
  }

  async #errorOf(
    response: IncomingMessage,
    subject: string,
    access: AccessRequest | undefined
  ): Promise<KubeApiError> {
    const text = await readBody(response, 1024 * 1024, subject)
    const { statusCode: status = 500, headers } = response
    const error = apiErrorOf({ status, headers, text }, subject)
    const isAllowed = isAllowedBy(error)
    if (access !== undefined && isAllowed !== undefined) this.#verdicts.emit({ ...access, isAllowed })
    return error
  }
}

interface JsonOptions extends RequestOptions {
  readonly subject: string
  /** Absent for a path that is no resource. */
  readonly access?: AccessRequest
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

function isJson(response: IncomingMessage): boolean {
  return response.headers['content-type']?.includes('json') === true
}
