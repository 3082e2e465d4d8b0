import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'

/** Both PEM. */
export interface KeyPair {
  readonly key: string
  readonly cert: string
}

/**
 * The certificate and key of a directory, `tls.crt` and `tls.key`, as they are now: Kubernetes replaces those of a mounted
 * Secret on disk. They are read when somebody asks, not watched: watches of files are scarce on a node, and miss a
 * replacement by symbolic link.
 */
export class CertificateFiles {
  readonly #directory: string
  readonly #onProblem: (error: unknown) => void
  #current: KeyPair | undefined
  /** What was told of already. */
  #problem: string | undefined

  constructor(options: { readonly directory: string; readonly onProblem: (error: unknown) => void }) {
    this.#directory = options.directory
    this.#onProblem = options.onProblem
  }

  /** @throws Error when they cannot be read or do not belong together */
  load(): KeyPair {
    this.#current = this.#read()
    return this.#current
  }

  /** The pair that is there now, if it is another one and can be used; why it cannot is told once. */
  takeNew(): KeyPair | undefined {
    const before = this.#current
    try {
      const pair = this.#readWhole()
      this.#problem = undefined
      if (pair.key === before?.key && pair.cert === before.cert) return undefined
      this.#current = pair
      return pair
    } catch (error) {
      const problem = String(error)
      if (problem !== this.#problem) this.#onProblem(error)
      this.#problem = problem
      return undefined
    }
  }

  /** They may be replaced between the one and the other. */
  #readWhole(): KeyPair {
    try {
      return this.#read()
    } catch {
      return this.#read()
    }
  }

  #read(): KeyPair {
    const key = readFileSync(join(this.#directory, 'tls.key'), 'utf8')
    const cert = readFileSync(join(this.#directory, 'tls.crt'), 'utf8')
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      throw new Error(`${this.#directory}: tls.key is not the key of tls.crt`)
    // What else TLS may not like, e.g. a key that is too short.
    createSecureContext({ key, cert })
    return { key, cert }
  }
}
