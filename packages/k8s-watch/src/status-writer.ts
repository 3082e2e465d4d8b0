import { Backoff } from './backoff.ts'
import { hasStatus } from './errors.ts'
import type { KubeClient } from './kube-client.ts'
import { type KubeObject, keyOf, type ObjectKey } from './object.ts'
import type { ResourceRef } from './resource.ts'
import { isSameJson } from './same-json.ts'
import { sleep } from './sleep.ts'

export interface StatusWriterOptions<T extends KubeObject> {
  readonly client: Pick<KubeClient, 'get' | 'update'>
  readonly resource: ResourceRef<T>
  /**
   * What is replaced: the `status` sub-resource, or the object itself. The server takes `metadata` from the former, too, for
   * Services. @defaultValue 'status'
   */
  readonly target?: 'status' | 'object'
  /** Set when the objects given to {@link StatusWriter.write} are trimmed: a difference is then worked out again on the whole object. */
  readonly readBeforeWrite?: boolean
  /** Conflicts in a row before {@link StatusWriter.write} fails with the last of them. @defaultValue 8 */
  readonly maxConflicts?: number
  readonly fieldManager?: string
}

export type WriteResult<T> =
  /** What is there is what is wanted; nothing was sent. */
  | { readonly type: 'unchanged'; readonly object: T }
  | { readonly type: 'written'; readonly object: T }
  /** The object is no more, or another one has its name. */
  | { readonly type: 'gone' }

/**
 * Makes an object what it should be, with one request if it differs and none if not. It only ever replaces the version that
 * `mutate` looked at: on a conflict the object is read again and `mutate` decides again.
 */
export class StatusWriter<T extends KubeObject> {
  readonly #options: StatusWriterOptions<T>

  constructor(options: StatusWriterOptions<T>) {
    this.#options = options
  }

  /**
   * @param current The object as last seen, from a cache.
   * @param mutate Gives the wanted object for the one it is given, which it must not change in place; `undefined`: leave it.
   * @throws KubeApiError, KubeTransportError
   */
  async write(
    current: T,
    mutate: (current: T) => T | undefined,
    signal?: AbortSignal
  ): Promise<WriteResult<T>> {
    const key = keyOf(current)
    const uid = current.metadata?.uid
    const backoff = new Backoff({ minMs: 5, maxMs: 500, jitter: 0.5 })
    const { maxConflicts = 8, readBeforeWrite = false } = this.#options
    let seen: T | undefined = current
    let mayBeSent = !readBeforeWrite
    for (;;) {
      if (seen === undefined) return { type: 'gone' }
      if (uid !== undefined && seen.metadata?.uid !== uid) return { type: 'gone' }
      const wanted = mutate(seen)
      if (wanted === undefined || isSameJson(seen, wanted)) return { type: 'unchanged', object: seen }
      if (mayBeSent && seen.metadata?.resourceVersion !== undefined) {
        try {
          return { type: 'written', object: await this.#send(seen, wanted, signal) }
        } catch (error) {
          if (hasStatus(error, 404)) return { type: 'gone' }
          if (!hasStatus(error, 409) || backoff.attempt >= maxConflicts) throw error
        }
        await sleep(backoff.next(), signal)
      }
      seen = await this.#read(key, signal)
      mayBeSent = true
    }
  }

  /** {@link write} for an object that is not in a cache: it is read first. */
  async writeKey(
    key: ObjectKey,
    mutate: (current: T) => T | undefined,
    signal?: AbortSignal
  ): Promise<WriteResult<T>> {
    const current = await this.#read(key, signal)
    if (current === undefined) return { type: 'gone' }
    return new StatusWriter({ ...this.#options, readBeforeWrite: false }).write(current, mutate, signal)
  }

  async #send(seen: T, wanted: T, signal: AbortSignal | undefined): Promise<T> {
    const { client, resource, target = 'status', fieldManager } = this.#options
    const { resourceVersion, uid } = seen.metadata ?? {}
    // Whatever `mutate` made of them: the version is the one that it looked at.
    const metadata = {
      ...wanted.metadata,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid })
    }
    return client.update(
      resource,
      { ...wanted, metadata },
      {
        signal,
        ...(target === 'status' ? { subresource: 'status' } : {}),
        ...(fieldManager === undefined ? {} : { fieldManager })
      }
    )
  }

  async #read(key: ObjectKey, signal: AbortSignal | undefined): Promise<T | undefined> {
    try {
      return await this.#options.client.get(this.#options.resource, key, { signal })
    } catch (error) {
      if (hasStatus(error, 404)) return undefined
      throw error
    }
  }
}
