// Must come before anything that uses the metadata of decorators, as @peculiar/x509 does.
import 'reflect-metadata'
import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

/** A certificate and its key, PEM. */
export interface Credentials {
  readonly certificate: string
  readonly privateKey: string
}

/** Whom a certificate is for. Kubernetes reads a user from the common name, and groups from the organizations. */
export interface Subject {
  readonly commonName: string
  readonly organizations?: readonly string[]
  /** Names and addresses of a server. */
  readonly hosts?: readonly string[]
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' }
const DAY_MS = 86_400_000
const LIFETIME_DAYS = 30

/** The certificate authority of a cluster that lives for hours. */
export class Authority {
  readonly credentials: Credentials
  readonly #certificate: x509.X509Certificate
  readonly #key: webcrypto.CryptoKey

  private constructor(credentials: Credentials, certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.credentials = credentials
    this.#certificate = certificate
    this.#key = key
  }

  static async create(commonName: string): Promise<Authority> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: serialNumber(),
        name: [{ CN: [commonName] }],
        ...validity(),
        keys,
        signingAlgorithm: SIGNING,
        extensions: [
          new x509.BasicConstraintsExtension(true, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto)
        ]
      },
      webcrypto
    )
    const privateKey = await exportKey(keys.privateKey)
    const credentials = { certificate: certificate.toString('pem'), privateKey }
    return new Authority(credentials, certificate, keys.privateKey)
  }

  /** Good for a server and for a client alike. */
  async issue(subject: Subject): Promise<Credentials> {
    const { commonName, organizations = [], hosts = [] } = subject
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
    const names = hosts.map((value) => ({
      type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
      value
    }))
    const usages = [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]
    const certificate = await x509.X509CertificateGenerator.create(
      {
        serialNumber: serialNumber(),
        subject: [...organizations.map((name) => ({ O: [name] })), { CN: [commonName] }],
        issuer: this.#certificate.subject,
        ...validity(),
        publicKey: keys.publicKey,
        signingKey: this.#key,
        signingAlgorithm: SIGNING,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension(usages, false),
          ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
          await x509.AuthorityKeyIdentifierExtension.create(this.#certificate, false, webcrypto)
        ]
      },
      webcrypto
    )
    return { certificate: certificate.toString('pem'), privateKey: await exportKey(keys.privateKey) }
  }
}

/** A key that tokens are signed with, PEM, in the form of SEC 1: the API server finds the public key in no other. */
export function createSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString()
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now()
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + LIFETIME_DAYS * DAY_MS) }
}

function serialNumber(): string {
  const bytes = randomBytes(16)
  // A serial number is a positive integer (RFC 5280 §4.1.2.2): the first bit is 0 and the first byte is not.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}
