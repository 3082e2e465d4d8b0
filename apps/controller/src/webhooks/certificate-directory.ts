import { CertificateFiles } from '@clarion-lb/runtime'
import type { CertificateListener, CertificateSource } from './certificate-source.ts'

export interface CertificateDirectoryOptions {
  /** With tls.crt and tls.key. */
  readonly directory: string
  /** How often it is looked at, milliseconds. @defaultValue 10_000 */
  readonly checkMs?: number
  /** The same while nothing good was there yet. @defaultValue 1000 */
  readonly firstCheckMs?: number
}

/** The certificate that somebody else puts into a directory, and replaces there. */
export class CertificateDirectory implements CertificateSource {
  readonly #options: Required<CertificateDirectoryOptions>
  #timer: NodeJS.Timeout | undefined

  constructor(options: CertificateDirectoryOptions) {
    this.#options = { checkMs: 10_000, firstCheckMs: 1000, ...options }
  }

  start({ onCertificate, onFailure }: CertificateListener): void {
    const { directory, checkMs, firstCheckMs } = this.#options
    const files = new CertificateFiles({ directory, onProblem: onFailure })
    let hasOne = false
    const look = (): void => {
      const pair = files.takeNew()
      if (pair !== undefined) onCertificate(pair)
      hasOne ||= pair !== undefined
      this.#timer = setTimeout(look, hasOne ? checkMs : firstCheckMs)
    }
    look()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
  }
}
