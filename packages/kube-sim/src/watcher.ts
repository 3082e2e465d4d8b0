import { ApiError } from './api-error.ts'
import { type ChangeEvent, type History } from './history.ts'
import { type KubeObject, withMeta } from './kube-object.ts'
import { StoredObject } from './stored-object.ts'

/** The names of watch events. */
export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

/** Where a watch writes to: an HTTP response. */
interface WatchSink {
  /** @returns `false` when the receiver is slow; then {@link Watcher.resume} is called when it is ready. */
  write(chunk: string): boolean
  end(): void
}

/** Options of a {@link Watcher}. */
export interface WatcherOptions {
  readonly history: History
  /** Revision after which changes are sent. */
  readonly after: number
  /** Sent as ADDED before anything else. */
  readonly initial?: readonly StoredObject[]
  /** Whether a bookmark ends the initial objects. */
  readonly marksInitialEnd?: boolean
  readonly wantsBookmarks: boolean
  readonly matches: (stored: StoredObject) => boolean
  /** The text of an object in the form that the client asked for. */
  readonly format: (stored: StoredObject) => string
  /** The object of a bookmark at a revision. */
  readonly formatBookmark: (revision: number, isInitialEnd: boolean) => string
  readonly sink: WatchSink
}

/**
 * One watch. It holds no events, only its place in the history: a client that reads too slowly falls behind the history
 * and is told 410.
 */
export class Watcher {
  readonly #options: WatcherOptions
  #cursor: number
  #initialIndex = 0
  #isBlocked = false
  #isEnded = false
  #isSilent = false
  #needsInitialEnd: boolean
  readonly #unsubscribe: () => void

  /** @throws {@link ApiError} Expired when the history does not reach back to `after`. */
  constructor(options: WatcherOptions) {
    const cursor = options.history.cursorAfter(options.after)
    if (cursor === undefined) {
      throw ApiError.expired(
        `too old resource version: ${options.after} (${options.history.compactedRevision})`
      )
    }
    this.#options = options
    this.#cursor = cursor
    this.#needsInitialEnd = options.marksInitialEnd ?? false
    this.#unsubscribe = options.history.subscribe(() => this.#pump())
  }

  /** Sends what there is, and from now on what happens. */
  start(): void {
    this.#pump()
  }

  /** The receiver can take more. */
  resume(): void {
    this.#isBlocked = false
    this.#pump()
  }

  /** Says nothing more, and does not end either: what a half-open connection looks like. */
  silence(): void {
    this.#isSilent = true
  }

  /** Sends a bookmark if the client asked for them and has all events. */
  bookmark(revision: number): void {
    if (!this.#options.wantsBookmarks || this.#isBlocked || this.#isEnded || this.#isSilent) return
    if (this.#cursor === this.#options.history.end)
      this.#send('BOOKMARK', this.#options.formatBookmark(revision, false))
  }

  /** Ends the watch with an ERROR event. */
  fail(error: ApiError): void {
    if (this.#isEnded || this.#isSilent) return
    this.#send('ERROR', JSON.stringify(error.toStatus()))
    this.end()
  }

  end(): void {
    if (this.#isEnded) return
    this.stop()
    this.#options.sink.end()
  }

  /** The client has gone. */
  stop(): void {
    this.#isEnded = true
    this.#unsubscribe()
  }

  #pump(): void {
    while (!this.#isBlocked && !this.#isEnded && !this.#isSilent) if (!this.#step()) return
  }

  /** @returns `false` when there is nothing to send. */
  #step(): boolean {
    const { initial = [], history } = this.#options
    const object = initial[this.#initialIndex]
    if (object !== undefined) {
      this.#initialIndex++
      this.#send('ADDED', this.#options.format(object))
      return true
    }
    if (this.#needsInitialEnd) {
      this.#needsInitialEnd = false
      this.#send('BOOKMARK', this.#options.formatBookmark(this.#options.after, true))
      return true
    }
    const event = history.at(this.#cursor)
    if (event === 'gone') {
      this.fail(ApiError.expired('the watch is too slow: the changes that it has not read are gone'))
      return false
    }
    if (event === undefined) {
      if (history.isClosed) this.end()
      return false
    }
    this.#cursor++
    this.#sendChange(event)
    return true
  }

  #sendChange(event: ChangeEvent): void {
    const { matches, format, after } = this.#options
    // Only a watch from the future meets these: such a client has already seen a newer state.
    if (event.revision <= after) return
    const matched = event.previous !== undefined && matches(event.previous)
    if (event.type === 'DELETED') {
      if (matched) this.#send('DELETED', format(event.current))
      return
    }
    if (matches(event.current)) this.#send(matched ? 'MODIFIED' : 'ADDED', format(event.current))
    else if (matched && event.previous !== undefined)
      this.#send('DELETED', format(lastSeen(event.previous, event.revision)))
  }

  #send(type: WatchEventType, object: string): void {
    this.#isBlocked = !this.#options.sink.write(`{"type":"${type}","object":${object}}\n`)
  }
}

/** An object that is no longer selected leaves a watch as it was, with the revision of the change. */
function lastSeen(stored: StoredObject, revision: number): StoredObject {
  const object: KubeObject = withMeta(stored.object, { resourceVersion: String(revision) })
  return new StoredObject(stored.key, object, revision)
}
