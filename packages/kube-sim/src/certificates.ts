// Must come before anything that uses the metadata of decorators, as @peculiar/x509 does.
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

/** A certificate authority that lives as long as the simulated cluster. PEM texts. */
export interface CertificateAuthority {
  readonly certificate: string
  readonly privateKey: string
}

/** A server certificate and its key, PEM. */
export interface ServerCertificate {
  readonly certificate: string
  readonly privateKey: string
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' }
const DAY_MS = 86_400_000

/** Makes a self-signed authority, valid for ten years. */
export async function createCertificateAuthority(now: number): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: 'CN=kube-sim-ca',
      notBefore: new Date(now - DAY_MS),
      notAfter: new Date(now + 3650 * DAY_MS),
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
  return { certificate: certificate.toString('pem'), privateKey: await exportKey(keys.privateKey) }
}

/** Issues a server certificate for host names and addresses, valid for one year. */
export async function createServerCertificate(
  authority: CertificateAuthority,
  hosts: readonly string[],
  now: number
): Promise<ServerCertificate> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const issuer = new x509.X509Certificate(authority.certificate)
  const names = hosts.map((host) => ({
    type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
    value: host
  }))
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: 'CN=kube-sim',
      issuer: issuer.subject,
      notBefore: new Date(now - DAY_MS),
      notAfter: new Date(now + 365 * DAY_MS),
      publicKey: keys.publicKey,
      signingKey: await importKey(authority.privateKey),
      signingAlgorithm: SIGNING,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth], false),
        new x509.SubjectAlternativeNameExtension(names),
        await x509.AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto)
      ]
    },
    webcrypto
  )
  return { certificate: certificate.toString('pem'), privateKey: await exportKey(keys.privateKey) }
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

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [bytes] = x509.PemConverter.decode(pem)
  if (bytes === undefined) throw new TypeError('the private key of the authority is not PEM')
  return webcrypto.subtle.importKey('pkcs8', bytes, ALGORITHM, true, ['sign'])
}
