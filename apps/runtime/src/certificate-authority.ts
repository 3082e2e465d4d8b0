import 'reflect-metadata'
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, type webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator
} from '@peculiar/x509'
import type { KeyPair } from './certificate-files.ts'
import { formatPrivateKey } from './private-key.ts'

/** For how long a certificate holds. */
export interface Validity {
  /** The time now, milliseconds since 1970. */
  readonly nowMs: number
  readonly lifetimeMs: number
}

type KeyAlgorithm =
  | { readonly name: 'RSASSA-PKCS1-v1_5'; readonly hash: 'SHA-256' }
  | { readonly name: 'ECDSA'; readonly namedCurve: string; readonly hash: 'SHA-256' }

const OWN_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
/** Clocks of nodes differ. */
const BACKDATED_MS = 3_600_000
/** OpenSSL's names of the curves that Web Crypto has. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521'
}

/** A new authority, PEM, that nobody vouches for (RFC 5280 §4.2.1.9). */
export async function createAuthority(options: Validity & { readonly name: string }): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(OWN_ALGORITHM, true, ['sign', 'verify'])
  const certificate = await signAuthority(keys, OWN_ALGORITHM, {
    ...options,
    identifier: await SubjectKeyIdentifierExtension.create(keys.publicKey)
  })
  return { cert: certificate, key: await formatPrivateKey(keys.privateKey) }
}

/**
 * The same authority for longer: name and key stay, so that what it has signed is believed by those who know either of
 * the two certificates.
 *
 * @throws Error when the key cannot sign here
 */
export async function renewAuthority(authority: KeyPair, validity: Validity): Promise<KeyPair> {
  const before = new X509Certificate(authority.cert)
  const { keys, algorithm } = importKeys(authority.key)
  const certificate = await signAuthority(keys, algorithm, {
    ...validity,
    name: before.subjectName,
    identifier:
      before.getExtension(SubjectKeyIdentifierExtension) ??
      (await SubjectKeyIdentifierExtension.create(keys.publicKey))
  })
  return { cert: certificate, key: authority.key }
}

/**
 * A certificate for a TLS server of these DNS names, with a key of its own, PEM.
 *
 * @throws Error when the key of the authority cannot sign here
 */
export async function issueServerCertificate(
  authority: KeyPair,
  { hosts, ...validity }: Validity & { readonly hosts: readonly [string, ...string[]] }
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.cert)
  const signing = importKeys(authority.key)
  const keys = await crypto.subtle.generateKey(OWN_ALGORITHM, true, ['sign', 'verify'])
  // Taken from the authority: there is more than one way to derive it from a key (RFC 5280 §4.2.1.2).
  const identifier = issuer.getExtension(SubjectKeyIdentifierExtension)?.keyId
  const certificate = await X509CertificateGenerator.create({
    serialNumber: createSerialNumber(),
    // At most 64 characters (RFC 5280 appendix A.1); who it is for is in the alternative names.
    subject: `CN=${hosts[0].slice(0, 64)}`,
    issuer: issuer.subjectName,
    ...datesOf(validity),
    publicKey: keys.publicKey,
    signingKey: signing.keys.privateKey,
    signingAlgorithm: signing.algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: 'dns', value }))),
      ...(identifier === undefined ? [] : [new AuthorityKeyIdentifierExtension(identifier)])
    ]
  })
  return { cert: certificate.toString('pem'), key: await formatPrivateKey(keys.privateKey) }
}

async function signAuthority(
  keys: webcrypto.CryptoKeyPair,
  algorithm: KeyAlgorithm,
  {
    name,
    identifier,
    ...validity
  }: Validity & {
    readonly name: string | X509Certificate['subjectName']
    readonly identifier: SubjectKeyIdentifierExtension
  }
): Promise<string> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: createSerialNumber(),
    name: typeof name === 'string' ? `CN=${name}` : name,
    ...datesOf(validity),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(
        KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
        true
      ),
      identifier
    ]
  })
  return certificate.toString('pem')
}

function datesOf({ nowMs, lifetimeMs }: Validity): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(nowMs - BACKDATED_MS), notAfter: new Date(nowMs + lifetimeMs) }
}

function importKeys(pem: string): {
  readonly keys: webcrypto.CryptoKeyPair
  readonly algorithm: KeyAlgorithm
} {
  const key = createPrivateKey(pem)
  const algorithm = algorithmOf(key)
  return {
    algorithm,
    keys: {
      privateKey: key.toCryptoKey(algorithm, true, ['sign']),
      publicKey: createPublicKey(pem).toCryptoKey(algorithm, true, ['verify'])
    }
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyAlgorithm {
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const curve = CURVES[asymmetricKeyDetails?.namedCurve ?? '']
  if (curve === undefined) throw new Error(`a key of type ${asymmetricKeyType} cannot sign certificates here`)
  return { name: 'ECDSA', namedCurve: curve, hash: 'SHA-256' }
}

function createSerialNumber(): string {
  const bytes = randomBytes(16)
  // A positive integer (RFC 5280 §4.1.2.2): the first bit is 0, and the first byte is not.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}
