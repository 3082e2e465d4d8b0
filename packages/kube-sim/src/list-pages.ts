import { ApiError } from './api-error.ts'
import { type Json, numberAt, parseJson, stringAt } from './json.ts'
import { type StoredObject } from './stored-object.ts'

/** One page of a list. */
export interface Page {
  readonly items: readonly StoredObject[]
  readonly revision: number
  /** Token of the next page. */
  readonly next: string | undefined
  readonly remaining: number | undefined
}

interface Frozen {
  readonly id: string
  readonly revision: number
  readonly items: readonly StoredObject[]
}

/**
 * Lists in pages, all pages from one moment. The moments are kept (they share the objects with the store, so each costs
 * an array), the oldest are forgotten first: their next page is answered with 410.
 */
export class ListPages {
  readonly #limit: number
  readonly #kept = new Map<string, Frozen>()
  #nextId = 1

  constructor(limit = 64) {
    this.#limit = limit
  }

  first(items: readonly StoredObject[], revision: number, limit: number): Page {
    if (limit <= 0 || items.length <= limit) return { items, revision, next: undefined, remaining: undefined }
    const frozen: Frozen = { id: String(this.#nextId++), revision, items }
    this.#kept.set(frozen.id, frozen)
    for (const id of this.#kept.keys()) {
      if (this.#kept.size <= this.#limit) break
      this.#kept.delete(id)
    }
    return page(frozen, 0, limit)
  }

  /** @throws {@link ApiError} Expired for tokens whose moment is forgotten, BadRequest for nonsense. */
  next(token: string, limit: number): Page {
    const { id, start } = decodeToken(token)
    const frozen = this.#kept.get(id)
    if (frozen === undefined)
      throw ApiError.expired(
        'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.'
      )
    return page(frozen, start, limit <= 0 ? frozen.items.length : limit)
  }

  /** Forgets all moments, as compaction does. */
  clear(): void {
    this.#kept.clear()
  }
}

function page(frozen: Frozen, start: number, limit: number): Page {
  const items = frozen.items.slice(start, start + limit)
  const end = start + items.length
  const remaining = frozen.items.length - end
  if (remaining === 0) return { items, revision: frozen.revision, next: undefined, remaining: undefined }
  const next = Buffer.from(JSON.stringify({ v: frozen.id, start: end })).toString('base64url')
  return { items, revision: frozen.revision, next, remaining }
}

function decodeToken(token: string): { readonly id: string; readonly start: number } {
  let json: Json
  try {
    json = parseJson(Buffer.from(token, 'base64url').toString())
  } catch {
    throw ApiError.badRequest('continue key is not valid')
  }
  const id = stringAt(json, 'v')
  const start = numberAt(json, 'start')
  if (id === undefined || start === undefined || !Number.isInteger(start) || start < 0)
    throw ApiError.badRequest('continue key is not valid')
  return { id, start }
}
