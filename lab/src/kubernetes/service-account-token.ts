import { createPrivateKey, sign } from 'node:crypto'
import { SERVICE_ACCOUNT_ISSUER } from './control-plane-commands.ts'

/** An API server forgives clocks that differ by this much (its JWT library's default). */
const LEEWAY_S = 60
const AGE_S = 3600

/**
 * A token of a ServiceAccount as an API server signs it (RFC 7519): it gives none that lives for less than ten minutes.
 *
 * @param key - PEM, of P-256.
 * @param account - The object.
 * @param expiresInS - Seconds until it is refused.
 * @throws Error if it is no ServiceAccount
 */
export function signServiceAccountToken(key: string, account: unknown, expiresInS: number): string {
  const { name, namespace, uid } = metadataOf(account)
  const nowS = Math.floor(Date.now() / 1000)
  const claims = {
    iss: SERVICE_ACCOUNT_ISSUER,
    aud: [SERVICE_ACCOUNT_ISSUER],
    sub: `system:serviceaccount:${namespace}:${name}`,
    iat: nowS - AGE_S,
    nbf: nowS - AGE_S,
    exp: nowS + expiresInS - LEEWAY_S,
    'kubernetes.io': { namespace, serviceaccount: { name, uid } }
  }
  const signed = [{ alg: 'ES256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  // RFC 7518 §3.4: both numbers of the signature, one after the other.
  const privateKey = { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' as const }
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
}

interface Metadata {
  readonly name: string
  readonly namespace: string
  readonly uid: string
}

function metadataOf(account: unknown): Metadata {
  if (typeof account === 'object' && account !== null && 'metadata' in account) {
    const { metadata } = account
    if (isMetadata(metadata)) return metadata
  }
  throw new Error(`no ServiceAccount: ${JSON.stringify(account)}`)
}

function isMetadata(value: unknown): value is Metadata {
  return (
    typeof value === 'object' && value !== null && 'name' in value && 'namespace' in value && 'uid' in value
  )
}
