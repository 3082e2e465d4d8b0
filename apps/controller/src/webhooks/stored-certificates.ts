import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { KeyPair } from '@clarion-lb/runtime'

/** Keys of the Secret, as MetalLB has them; values are PEM in base64. */
export interface SecretData {
  readonly 'ca.crt': string
  readonly 'ca.key': string
  readonly 'tls.crt': string
  readonly 'tls.key': string
}

/** What is in the Secret. */
export interface StoredCertificates {
  readonly authority: KeyPair
  readonly server: KeyPair
}

/** What is to be done for the certificates to be good, the authority's first. */
export interface CertificatePlan {
  readonly authority: 'keep' | 'renew' | 'create'
  readonly server: 'keep' | 'issue'
}

const DAY_MS = 86_400_000
/** With less than this left a certificate is replaced. */
const MIN_LEFT_MS = 90 * DAY_MS
export const AUTHORITY_LIFETIME_MS: number = 10 * 365 * DAY_MS
export const SERVER_LIFETIME_MS: number = 365 * DAY_MS
/** Curves of the keys that can sign here. */
const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1', 'secp521r1']

/** Empty texts where there is nothing. */
export function readSecretData(data: Readonly<Record<string, string>> | undefined): StoredCertificates {
  const pem = (name: keyof SecretData): string => Buffer.from(data?.[name] ?? '', 'base64').toString('utf8')
  return {
    authority: { cert: pem('ca.crt'), key: pem('ca.key') },
    server: { cert: pem('tls.crt'), key: pem('tls.key') }
  }
}

export function formatSecretData({ authority, server }: StoredCertificates): SecretData {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  return {
    'ca.crt': base64(authority.cert),
    'ca.key': base64(authority.key),
    'tls.crt': base64(server.cert),
    'tls.key': base64(server.key)
  }
}

/** What to do for `host` to be served at this time. Whatever is stored, MetalLB's or nonsense. */
export function planCertificates(
  { authority, server }: StoredCertificates,
  { host, nowMs }: { readonly host: string; readonly nowMs: number }
): CertificatePlan {
  const certificate = parsePair(authority)
  if (certificate?.ca !== true || !canSign(authority.key)) return { authority: 'create', server: 'issue' }
  const isServerGood = isGoodServer(server, certificate, host) && hasTimeLeft(parsePair(server), nowMs)
  return {
    authority: hasTimeLeft(certificate, nowMs) ? 'keep' : 'renew',
    server: isServerGood ? 'keep' : 'issue'
  }
}

export function isKept({ authority, server }: CertificatePlan): boolean {
  return authority === 'keep' && server === 'keep'
}

/** Whether TLS can be spoken with it at all. */
export function isServable(pair: KeyPair): boolean {
  if (parsePair(pair) === undefined) return false
  try {
    createSecureContext({ ...pair })
    return true
  } catch {
    return false
  }
}

/** When a certificate ends, milliseconds since 1970. @throws Error when it is none */
export function endOf(cert: string): number {
  return Date.parse(new X509Certificate(cert).validTo)
}

function isGoodServer(server: KeyPair, authority: X509Certificate, host: string): boolean {
  const certificate = parsePair(server)
  return (
    certificate !== undefined &&
    isServable(server) &&
    certificate.checkHost(host) !== undefined &&
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey)
  )
}

/** The certificate, if the key is its own. */
function parsePair({ cert, key }: KeyPair): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(cert)
    return certificate.checkPrivateKey(createPrivateKey(key)) ? certificate : undefined
  } catch {
    return undefined
  }
}

function canSign(key: string): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(key)
  return asymmetricKeyType === 'rsa' || CURVES.includes(asymmetricKeyDetails?.namedCurve)
}

function hasTimeLeft(certificate: X509Certificate | undefined, nowMs: number): boolean {
  if (certificate === undefined) return false
  return Date.parse(certificate.validFrom) <= nowMs && Date.parse(certificate.validTo) - nowMs >= MIN_LEFT_MS
}
