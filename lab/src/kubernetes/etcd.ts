/** What an operator does to a database of the API server, over etcd's JSON gateway. */
export class EtcdOperator {
  readonly #url: string

  /** @param url - As `http://127.0.0.1:2379`. */
  constructor(url: string) {
    this.#url = url
  }

  async isHealthy(): Promise<boolean> {
    const response = await fetch(`${this.#url}/health`)
    return response.ok
  }

  /** The revision of the newest write: what Kubernetes calls a resource version. */
  async revision(): Promise<number> {
    const key = Buffer.from('/').toString('base64')
    const answer = await this.#ask('/v3/kv/range', { key })
    const header = typeof answer === 'object' && answer !== null && 'header' in answer ? answer.header : {}
    const revision =
      typeof header === 'object' && header !== null && 'revision' in header ? header.revision : ''
    return Number(revision)
  }

  /** Forgets all that was before the newest write, as happens every five minutes otherwise. Gives its revision. */
  async compact(): Promise<number> {
    const revision = await this.revision()
    await this.#ask('/v3/kv/compaction', { revision: String(revision), physical: true })
    return revision
  }

  async #ask(path: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`etcd refused ${path}: ${await response.text()}`)
    return response.json()
  }
}
