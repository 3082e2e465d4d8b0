import { type KubeClient, type ObjectKey, type ReconcileResult, type V1Secret } from '@clarion-lb/k8s-watch'
import { type CertificateMaker, type KeyPair, loadCertificateMaker } from '@clarion-lb/runtime'
import { KeptSecret } from '../kept-secret.ts'
import { CertificateHandover } from './certificate-handover.ts'
import type { CertificateListener, CertificateSource } from './certificate-source.ts'
import { FIELD_MANAGER } from './field-manager.ts'
import {
  AUTHORITY_LIFETIME_MS,
  type CertificatePlan,
  formatSecretData,
  isKept,
  planCertificates,
  readSecretData,
  SERVER_LIFETIME_MS,
  type StoredCertificates
} from './stored-certificates.ts'

export interface CertificateKeeperOptions {
  readonly client: KubeClient
  readonly secret: ObjectKey
  /** DNS name that API servers call. */
  readonly host: string
  /** Only then anything is written. */
  readonly mayWrite: () => boolean
  /** The authorities to be believed: PEM in base64, as `caBundle` has it. */
  readonly onAuthority: (caBundle: string) => void
  /** Certificates were made and stored. */
  readonly onStored: (plan: CertificatePlan) => void
  /** Milliseconds since 1970. @defaultValue Date.now */
  readonly now?: () => number
  /** How often it is looked whether a certificate is about to end, milliseconds. @defaultValue 12 hours */
  readonly checkMs?: number
  /** See {@link CertificateHandover}. @defaultValue 3000 */
  readonly graceMs?: number
}

const AUTHORITY_NAME = 'metallb-webhook-ca'
const CHECK_MS = 12 * 3_600_000
/** A write, and a watch that brings it. */
const GRACE_MS = 3000

/**
 * Keeps an authority and a serving certificate in a Secret: makes what is missing, and replaces what is about to end,
 * while it may write; hands on what is there as soon as it is, whoever wrote it.
 */
export class CertificateKeeper implements CertificateSource {
  readonly #options: Required<CertificateKeeperOptions>
  readonly #secret: KeptSecret
  readonly #handover: CertificateHandover
  #listener: CertificateListener | undefined

  constructor(options: CertificateKeeperOptions) {
    this.#options = { now: Date.now, checkMs: CHECK_MS, graceMs: GRACE_MS, ...options }
    const { client, secret, onAuthority } = options
    this.#handover = new CertificateHandover({
      onAuthority,
      onCertificate: (server) => this.#listener?.onCertificate(server),
      graceMs: this.#options.graceMs
    })
    this.#secret = new KeptSecret({
      client,
      secret,
      name: 'webhook certificates',
      fieldManager: FIELD_MANAGER,
      reconcile: async (stored, signal) => this.#reconcile(stored, signal),
      onFailure: (error) => this.#listener?.onFailure(error),
      // Later ones cost nothing: what is there is served.
      onUnread: (error, isKnown) => {
        if (!isKnown) this.#listener?.onFailure(error)
      }
    })
  }

  start(listener: CertificateListener): void {
    this.#listener = listener
    this.#secret.start()
  }

  /** Looks at the Secret: something changed, or it may be written now. */
  look(): void {
    this.#secret.look()
  }

  async stop(): Promise<void> {
    await this.#secret.stop()
    this.#handover.stop()
  }

  async #reconcile(current: V1Secret | undefined, signal: AbortSignal): Promise<ReconcileResult> {
    const { mayWrite, checkMs, onStored } = this.#options
    const stored = readSecretData(current?.data)
    this.#handover.take(stored)
    // Whoever begins to lead looks again; who only renewed late does not begin.
    if (!mayWrite()) return { type: 'requeueAfter', ms: checkMs }
    const plan = this.#plan(stored)
    if (!isKept(plan)) {
      const made = await this.#makeGood(stored, plan)
      await this.#secret.store(current, { data: { ...current?.data, ...formatSecretData(made) } }, signal)
      onStored(plan)
    }
    return { type: 'requeueAfter', ms: checkMs }
  }

  #plan(stored: StoredCertificates): CertificatePlan {
    const { host, now } = this.#options
    return planCertificates(stored, { host, nowMs: now() })
  }

  /** What is not good would be made and stored again and again. */
  async #makeGood(stored: StoredCertificates, plan: CertificatePlan): Promise<StoredCertificates> {
    const made = await this.#make(stored, plan)
    if (isKept(this.#plan(made))) return made
    const { host, secret } = this.#options
    throw new Error(
      `what was made for ${JSON.stringify(host)} is no good; if it is a DNS name, delete the Secret ${secret.name}`
    )
  }

  async #make({ authority, server }: StoredCertificates, plan: CertificatePlan): Promise<StoredCertificates> {
    const nowMs = this.#options.now()
    const maker = await loadCertificateMaker()
    const signer = await makeAuthority(maker, authority, plan.authority, nowMs)
    if (plan.server === 'keep') return { authority: signer, server }
    const validity = { nowMs, lifetimeMs: SERVER_LIFETIME_MS }
    const issued = await maker.issueServerCertificate(signer, { ...validity, hosts: [this.#options.host] })
    return { authority: signer, server: issued }
  }
}

async function makeAuthority(
  maker: CertificateMaker,
  authority: KeyPair,
  what: CertificatePlan['authority'],
  nowMs: number
): Promise<KeyPair> {
  const validity = { nowMs, lifetimeMs: AUTHORITY_LIFETIME_MS }
  if (what === 'create') return maker.createAuthority({ ...validity, name: AUTHORITY_NAME })
  return what === 'renew' ? maker.renewAuthority(authority, validity) : authority
}
