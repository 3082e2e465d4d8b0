import type { KeyPair } from '@clarion-lb/runtime'

export interface CertificateListener {
  /** This one is to be served from now on. */
  readonly onCertificate: (pair: KeyPair) => void
  /** There is none yet, or no newer one; it is tried again. */
  readonly onFailure: (error: unknown) => void
}

/** Where the serving certificate comes from. */
export interface CertificateSource {
  start(listener: CertificateListener): void
  stop(): Promise<void>
}
