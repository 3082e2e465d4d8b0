/** The verbs of requests, as in RBAC. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

/** What is known of a request when faults are chosen. */
export interface RequestFacts {
  readonly verb: Verb | undefined
  readonly group: string | undefined
  readonly resource: string | undefined
  readonly subresource: string | undefined
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly userAgent: string
  readonly path: string
}

/** Which requests a fault meets: all fields that are given must agree. */
export interface FaultMatch {
  readonly verbs?: readonly Verb[] | undefined
  readonly group?: string | undefined
  /** Plural, as in `services`. */
  readonly resource?: string | undefined
  readonly subresource?: string | undefined
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  /** Part of the user agent. */
  readonly userAgent?: string | undefined
}

/** What happens to a request. */
export type FaultAction =
  /** Answers with a Status. 410 for a watch arrives as an ERROR event when `inStream` is set. */
  | {
      readonly type: 'status'
      readonly code: 400 | 401 | 403 | 404 | 409 | 410 | 422 | 429 | 500 | 503 | 504
      readonly retryAfterSeconds?: number | undefined
      readonly inStream?: boolean | undefined
    }
  /** Answers after a pause. */
  | { readonly type: 'delay'; readonly ms: number }
  /** Does what was asked, after the pause, and then closes the connection instead of answering. */
  | { readonly type: 'loseAnswer' }
  /** Accepts the request and never answers. */
  | { readonly type: 'hang' }
  /** Closes the connection without an answer. */
  | { readonly type: 'reset' }

/** A fault that waits for requests. */
export interface FaultRule {
  readonly match?: FaultMatch | undefined
  readonly action: FaultAction
  /** How many requests it meets; without it all, until it is removed. */
  readonly times?: number | undefined
}

/** A rule with its state. */
export interface ActiveFault extends FaultRule {
  readonly id: string
  readonly hits: number
}

/** What the faults can do to the server. */
export interface FaultTarget {
  cutWatches(match: FaultMatch): number
  silenceWatches(match: FaultMatch): number
  failWatches(match: FaultMatch): number
  compact(): void
  expireTokens(token: string | undefined): void
  renewTokens(token: string | undefined): void
}

/** Faults on demand. Rules meet requests; the other methods act at once. */
export class Faults {
  readonly #target: FaultTarget
  readonly #rules = new Map<string, { rule: FaultRule; hits: number }>()
  #nextId = 1

  constructor(target: FaultTarget) {
    this.#target = target
  }

  /** Adds a rule; returns its id. */
  add(rule: FaultRule): string {
    const id = String(this.#nextId++)
    this.#rules.set(id, { rule, hits: 0 })
    return id
  }

  /** @returns whether there was such a rule. */
  remove(id: string): boolean {
    return this.#rules.delete(id)
  }

  /** Removes all rules. */
  clear(): void {
    this.#rules.clear()
  }

  /** The rules, with how often they have met a request. */
  list(): readonly ActiveFault[] {
    return [...this.#rules].map(([id, { rule, hits }]) => ({ ...rule, id, hits }))
  }

  /** Takes the action of the first rule that matches. */
  take(facts: RequestFacts): FaultAction | undefined {
    for (const entry of this.#rules.values()) {
      const { times = Number.POSITIVE_INFINITY } = entry.rule
      if (entry.hits >= times || !matchesFault(entry.rule.match, facts)) continue
      entry.hits++
      return entry.rule.action
    }
    return undefined
  }

  /** Closes the connections of watches. @returns how many. */
  cutWatches(match: FaultMatch = {}): number {
    return this.#target.cutWatches(match)
  }

  /** Leaves the connections of watches open, but says nothing more on them. @returns how many. */
  silenceWatches(match: FaultMatch = {}): number {
    return this.#target.silenceWatches(match)
  }

  /** Ends watches with an ERROR event, code 410. @returns how many. */
  failWatches(match: FaultMatch = {}): number {
    return this.#target.failWatches(match)
  }

  /** Forgets all history: resuming watches and `continue` tokens are answered with 410. */
  compact(): void {
    this.#target.compact()
  }

  /** Makes one bearer token, or all, invalid (401). */
  expireTokens(token?: string): void {
    this.#target.expireTokens(token)
  }

  /** Makes expired tokens valid again. */
  renewTokens(token?: string): void {
    this.#target.renewTokens(token)
  }
}

/** Whether a request agrees with all that a match states. */
export function matchesFault(match: FaultMatch | undefined, facts: RequestFacts): boolean {
  if (match === undefined) return true
  if (match.verbs !== undefined && (facts.verb === undefined || !match.verbs.includes(facts.verb)))
    return false
  if (match.userAgent !== undefined && !facts.userAgent.includes(match.userAgent)) return false
  const fields = ['group', 'resource', 'subresource', 'namespace', 'name'] as const
  return fields.every((field) => match[field] === undefined || match[field] === (facts[field] ?? ''))
}
