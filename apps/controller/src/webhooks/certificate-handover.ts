import { X509Certificate } from 'node:crypto'
import type { KeyPair } from '@clarion-lb/runtime'
import { isServable, type StoredCertificates } from './stored-certificates.ts'

export interface CertificateHandoverOptions {
  /** What is to be believed: PEM, of one authority or of two, in base64. */
  readonly onAuthority: (caBundle: string) => void
  /** What is to be served. */
  readonly onCertificate: (server: KeyPair) => void
  /** How long it takes at most until API servers and other replicas have heard of a change, milliseconds. */
  readonly graceMs: number
}

/**
 * Goes from one pair of certificates to the next so that no API server meets one that it does not believe: where the
 * authority is another, both are believed before the new certificate is served, and the old one is forgotten when
 * nobody serves what it has issued.
 */
export class CertificateHandover {
  readonly #options: CertificateHandoverOptions
  /** What was handed on last. */
  #latest: StoredCertificates | undefined
  #served: StoredCertificates | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: CertificateHandoverOptions) {
    this.#options = options
  }

  /** Takes what is stored now; what cannot be served is left. */
  take(stored: StoredCertificates): void {
    const before = this.#latest
    if (isSame(before?.server, stored.server) && isSame(before?.authority, stored.authority)) return
    if (!isServable(stored.server)) return
    clearTimeout(this.#timer)
    this.#latest = stored
    const served = this.#served
    if (served === undefined || !isOfUse(served) || isVouchedFor(stored.server, served.authority)) {
      // Old and new authority vouch for each other, or there is nothing to lose: the order does not matter.
      this.#believe(stored.authority)
      this.#serve(stored)
      return
    }
    this.#believe(stored.authority, served.authority)
    this.#after(() => {
      this.#serve(stored)
      this.#after(() => this.#believe(stored.authority))
    })
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #believe(...authorities: readonly KeyPair[]): void {
    const text = authorities.map(({ cert }) => cert)
    // One alone is to be as it is in the Secret, to the byte.
    const bundle = text.length === 1 ? text.join('') : text.map((cert) => `${cert.trimEnd()}\n`).join('')
    this.#options.onAuthority(Buffer.from(bundle).toString('base64'))
  }

  #serve(stored: StoredCertificates): void {
    const before = this.#served
    this.#served = stored
    if (!isSame(before?.server, stored.server)) this.#options.onCertificate(stored.server)
  }

  #after(act: () => void): void {
    this.#timer = setTimeout(act, this.#options.graceMs)
  }
}

function isSame(a: KeyPair | undefined, b: KeyPair): boolean {
  return a?.cert === b.cert && a.key === b.key
}

/** Whether API servers can have believed what is served. */
function isOfUse({ authority, server }: StoredCertificates): boolean {
  return Date.parse(new X509Certificate(server.cert).validTo) > Date.now() && isVouchedFor(server, authority)
}

function isVouchedFor(server: KeyPair, authority: KeyPair): boolean {
  try {
    const signer = new X509Certificate(authority.cert)
    const certificate = new X509Certificate(server.cert)
    return certificate.checkIssued(signer) && certificate.verify(signer.publicKey)
  } catch {
    // Somebody has put nonsense into the Secret.
    return false
  }
}
