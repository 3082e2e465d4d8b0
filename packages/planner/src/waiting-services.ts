import type { Opening, PoolDefinition, Sharing } from '@clarion-lb/ipam'
import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import type { Requester } from './requester.ts'

/** What a Service waits for. */
export interface WaitRequest {
  readonly requester: Requester
  /** An address of one of these helps. */
  readonly families: readonly IpFamily[]
  readonly sharing: Sharing | undefined
  /** Only this pool. */
  readonly pool?: string | undefined
  /** Only these addresses. */
  readonly addresses?: readonly IpAddress[]
}

/** Who waits longer comes first; ties by key. */
export interface WaitingTurn {
  /** Of the Service, as text (RFC 3339). */
  readonly createdAt: string
  readonly key: string
}

interface Group {
  readonly request: WaitRequest
  /** Sorted lazily: a burst of newcomers is sorted once. */
  turns: WaitingTurn[]
  isSorted: boolean
}

/**
 * Services that wait for an address. An opening is offered to one at a time, in order of age, and only to those that
 * could use it.
 */
export class WaitingServices {
  readonly #groups = new Map<string, Group>()
  readonly #groupOf = new Map<string, { readonly group: string; readonly turn: WaitingTurn }>()

  get size(): number {
    return this.#groupOf.size
  }

  /** Keys in order of turn. */
  keys(): readonly string[] {
    return [...this.#groupOf.values()]
      .map(({ turn }) => turn)
      .toSorted(compareTurns)
      .map(({ key }) => key)
  }

  has(key: string): boolean {
    return this.#groupOf.has(key)
  }

  set(turn: WaitingTurn, request: WaitRequest): void {
    this.delete(turn.key)
    const id = groupIdOf(request)
    const group = this.#groups.get(id) ?? { request, turns: [], isSorted: true }
    const last = group.turns.at(-1)
    group.isSorted &&= last === undefined || compareTurns(last, turn) < 0
    group.turns.push(turn)
    this.#groups.set(id, group)
    this.#groupOf.set(turn.key, { group: id, turn })
  }

  delete(key: string): void {
    const entry = this.#groupOf.get(key)
    if (entry === undefined) return
    this.#groupOf.delete(key)
    const group = this.#groups.get(entry.group)
    if (group === undefined) return
    sort(group)
    const index = firstNotBefore(group.turns, entry.turn)
    group.turns.splice(index, 1)
    if (group.turns.length === 0) this.#groups.delete(entry.group)
  }

  /**
   * Who should try an opening next.
   *
   * @param after whose turn was before, if somebody tried in vain
   */
  nextFor(
    opening: Opening,
    pools: readonly PoolDefinition<Requester>[],
    after?: WaitingTurn
  ): WaitingTurn | undefined {
    const pool = pools.find(({ name }) => name === opening.pool)
    let best: WaitingTurn | undefined
    for (const group of this.#groups.values()) {
      if (!couldUse(group.request, opening, pool)) continue
      sort(group)
      const index = after === undefined ? 0 : firstNotBefore(group.turns, after, { isAfter: true })
      const turn = group.turns[index]
      if (turn !== undefined && (best === undefined || compareTurns(turn, best) < 0)) best = turn
    }
    return best
  }
}

function couldUse(
  request: WaitRequest,
  { address, pool: name, sharing }: Opening,
  pool: PoolDefinition<Requester> | undefined
): boolean {
  const { addresses } = request
  if (pool === undefined || !request.families.includes(address.family)) return false
  if (sharing !== undefined) {
    const wanted = request.sharing
    if (wanted?.key !== sharing.key || wanted.backend !== sharing.backend) return false
  }
  if (request.pool !== undefined && request.pool !== name) return false
  if (addresses !== undefined && !addresses.some((one) => one.equals(address))) return false
  const admission = pool.reservation?.admit(request.requester).admits ?? 'automatic'
  const isExplicit = request.pool !== undefined || addresses !== undefined
  return isExplicit ? admission !== 'never' : admission === 'automatic' && pool.autoAssign !== false
}

/** Requests that any opening helps alike are one group. */
function groupIdOf({ requester, families, sharing, pool, addresses }: WaitRequest): string {
  const labels = Object.entries(requester.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([requester.namespace, labels, families, sharing, pool, addresses])
}

function sort(group: Group): void {
  if (!group.isSorted) group.turns.sort(compareTurns)
  group.isSorted = true
}

/** Index of the first turn that is not before, or that is after, another. */
function firstNotBefore(
  turns: readonly WaitingTurn[],
  turn: WaitingTurn,
  { isAfter = false }: { readonly isAfter?: boolean } = {}
): number {
  let low = 0
  let high = turns.length
  while (low < high) {
    const middle = (low + high) >> 1
    const one = turns[middle]
    const order = one === undefined ? 1 : compareTurns(one, turn)
    if (order < 0 || (isAfter && order === 0)) low = middle + 1
    else high = middle
  }
  return low
}

function compareTurns(a: WaitingTurn, b: WaitingTurn): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1
  if (a.key === b.key) return 0
  return a.key < b.key ? -1 : 1
}
