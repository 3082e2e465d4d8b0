import { KubeApiError, KubeTransportError } from '../src/errors.ts'
import { type InformerClient } from '../src/informer-options.ts'
import { type ListOptions, type ListPage, type WatchEvent, type WatchOptions } from '../src/kube-request.ts'
import { isKubeObject, type KubeObject } from '../src/object.ts'

export function apiError(status: number, retryAfterMs?: number): KubeApiError {
  return new KubeApiError({ status, reason: 'Scripted', serverMessage: '', subject: 'test', retryAfterMs })
}

export function object(name: string, version: number, uid = `uid-${name}`): KubeObject {
  return { metadata: { name, uid, resourceVersion: String(version) } }
}

export function page(version: number, items: readonly KubeObject[], next?: string): ListPage<KubeObject> {
  return { items, resourceVersion: String(version), continue: next, remainingItemCount: undefined }
}

/** A watch that an informer has opened. */
export interface ScriptedWatch {
  readonly options: Omit<WatchOptions<KubeObject>, 'onEvent'>
  readonly send: (event: WatchEvent<KubeObject>) => void
  /** Ends it as a server does, or with an error. */
  readonly end: (error?: Error) => void
}

/** Answers lists from a script and leaves watches to the test. */
export class ScriptedClient {
  readonly lists: ListOptions[] = []
  readonly watches: ScriptedWatch[] = []
  readonly client: InformerClient
  readonly #answer: (options: ListOptions, count: number) => ListPage<KubeObject>

  /** @param answer Gives a page, or throws, for the `count`th list. */
  constructor(answer: (options: ListOptions, count: number) => ListPage<KubeObject>) {
    this.#answer = answer
    this.client = {
      list: (_resource, options) => this.#list(options ?? {}),
      watch: (_resource, options) => this.#watch(options)
    }
  }

  get watch(): ScriptedWatch {
    const last = this.watches.at(-1)
    if (last === undefined) throw new TypeError('no watch was opened')
    return last
  }

  async #list<T extends KubeObject>(options: ListOptions): Promise<ListPage<T>> {
    this.lists.push(options)
    const answer = this.#answer(options, this.lists.length)
    return { ...answer, items: answer.items.filter((item) => isKubeObject<T>(item)) }
  }

  #watch<T extends KubeObject>({ onEvent, ...options }: WatchOptions<T>): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = new KubeTransportError('aborted', 'WATCH', 'given up')
      options.signal?.addEventListener('abort', () => reject(aborted), { once: true })
      this.watches.push({
        options,
        // As the client does: what a handler throws ends the stream.
        send: (event) => {
          try {
            if (event.type === 'BOOKMARK') onEvent(event)
            else if (isKubeObject<T>(event.object)) onEvent({ type: event.type, object: event.object })
          } catch (error) {
            reject(new KubeTransportError('closed', 'WATCH', 'the stream was cut', { cause: error }))
          }
        },
        end: (error) => (error === undefined ? resolve() : reject(error))
      })
      options.onOpen?.()
    })
  }
}
