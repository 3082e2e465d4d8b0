import { randomBytes } from 'node:crypto'

/** Who a bearer token stands for. */
export interface TokenOwner {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
}

interface Entry {
  readonly owner: TokenOwner
  expiresAtMs: number
}

/** The bearer tokens that the server knows. There is no RBAC: a known token may do everything. */
export class Tokens {
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * Makes a token.
   *
   * @param username as in `system:serviceaccount:metallb-system:speaker`
   * @param options `ttlMs` from now, without it the token stays valid; `token` sets the text.
   */
  create(
    username: string,
    options: { readonly ttlMs?: number | undefined; readonly token?: string } = {}
  ): string {
    this.#dropExpired()
    const token = options.token ?? randomBytes(24).toString('base64url')
    const groups = username.startsWith('system:serviceaccount:')
      ? ['system:serviceaccounts', 'system:authenticated']
      : ['system:masters', 'system:authenticated']
    const expiresAtMs = options.ttlMs === undefined ? Number.POSITIVE_INFINITY : this.#now() + options.ttlMs
    this.#entries.set(token, { owner: { username, uid: username, groups }, expiresAtMs })
    return token
  }

  /** The owner of a valid token. */
  ownerOf(token: string): TokenOwner | undefined {
    const entry = this.#entries.get(token)
    return entry !== undefined && entry.expiresAtMs > this.#now() ? entry.owner : undefined
  }

  /** Whether the token was ever made and not dropped yet, expired or not. */
  isKnown(token: string): boolean {
    return this.#entries.has(token)
  }

  /** Ends one token, or all of them. */
  expire(token?: string): void {
    for (const [text, entry] of this.#entries)
      if (token === undefined || text === token) entry.expiresAtMs = 0
  }

  /** Makes tokens valid again that were ended by {@link expire}. */
  renew(token?: string): void {
    for (const [text, entry] of this.#entries) {
      if (token === undefined || text === token) entry.expiresAtMs = Number.POSITIVE_INFINITY
    }
  }

  /** Clients that ask for token after token must not fill the memory. */
  #dropExpired(): void {
    if (this.#entries.size < 10_000) return
    const now = this.#now()
    for (const [token, entry] of this.#entries) if (entry.expiresAtMs <= now) this.#entries.delete(token)
  }
}
