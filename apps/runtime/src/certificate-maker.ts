import type { Validity } from './certificate-authority.ts'
import type { KeyPair } from './certificate-files.ts'

/** Makes authorities and certificates; all PEM. */
export interface CertificateMaker {
  createAuthority(options: Validity & { readonly name: string }): Promise<KeyPair>
  /** Name and key stay: what it has signed is believed by those who know either certificate. */
  renewAuthority(authority: KeyPair, validity: Validity): Promise<KeyPair>
  issueServerCertificate(
    authority: KeyPair,
    options: Validity & { readonly hosts: readonly [string, ...string[]] }
  ): Promise<KeyPair>
}

/** Loaded only where certificates are made: it takes more memory than all the rest of this package. */
export async function loadCertificateMaker(): Promise<CertificateMaker> {
  return import('./certificate-authority.ts')
}
