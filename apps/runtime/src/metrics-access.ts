import { createHash } from 'node:crypto'
import { defineResource, type KubeClient, type KubeObject } from '@clarion-lb/k8s-watch'

interface TokenReview extends KubeObject {
  readonly spec: { readonly token: string }
  readonly status?: {
    readonly authenticated?: boolean
    readonly user?: {
      readonly username?: string
      readonly uid?: string
      readonly groups?: readonly string[]
      readonly extra?: Readonly<Record<string, readonly string[]>>
    }
  }
}

interface SubjectAccessReview extends KubeObject {
  readonly spec: object
  readonly status?: { readonly allowed?: boolean }
}

const TOKEN_REVIEWS = defineResource<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  isNamespaced: false
})
const SUBJECT_ACCESS_REVIEWS = defineResource<SubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  isNamespaced: false
})

/** 200: may read; otherwise the HTTP status of the refusal. */
export type AccessVerdict = 200 | 401 | 403

export interface MetricsAccessOptions {
  readonly client: Pick<KubeClient, 'create'>
  /** Milliseconds; a clock that never goes back. */
  readonly now?: () => number
}

/** How long a verdict holds: a scrape each 15 s asks the API server each time at most once. */
const REMEMBER_MS = 10_000
const MAX_REMEMBERED = 100

/** Asks the API server who a caller is (TokenReview) and whether it may `get` `/metrics` (SubjectAccessReview). */
export class MetricsAccess {
  readonly #options: MetricsAccessOptions
  /** By hash: tokens are not kept. */
  readonly #remembered = new Map<string, { readonly verdict: AccessVerdict; readonly untilMs: number }>()

  constructor(options: MetricsAccessOptions) {
    this.#options = options
  }

  /** @throws KubeApiError, KubeTransportError when the API server cannot be asked */
  async check(authorization: string | undefined): Promise<AccessVerdict> {
    const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return 401
    const now = this.#options.now ?? (() => performance.now())
    const id = createHash('sha256').update(token).digest('hex')
    const known = this.#remembered.get(id)
    if (known !== undefined && known.untilMs > now()) return known.verdict
    const verdict = await this.#ask(token)
    this.#remembered.delete(id)
    const [oldest] = this.#remembered.keys()
    if (oldest !== undefined && this.#remembered.size >= MAX_REMEMBERED) this.#remembered.delete(oldest)
    this.#remembered.set(id, { verdict, untilMs: now() + REMEMBER_MS })
    return verdict
  }

  async #ask(token: string): Promise<AccessVerdict> {
    const { client } = this.#options
    const { status } = await client.create(TOKEN_REVIEWS, { spec: { token } })
    const user = status?.user
    if (status?.authenticated !== true || user?.username === undefined) return 401
    const review = await client.create(SUBJECT_ACCESS_REVIEWS, {
      spec: {
        user: user.username,
        uid: user.uid,
        groups: user.groups,
        extra: user.extra,
        nonResourceAttributes: { path: '/metrics', verb: 'get' }
      }
    })
    return review.status?.allowed === true ? 200 : 403
  }
}
