import 'reflect-metadata'
import { hostname } from 'node:os'
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator
} from '@peculiar/x509'
import { formatPrivateKey } from './private-key.ts'

const LIFETIME_MS = 10 * 365 * 24 * 3600 * 1000

/** A new key and a certificate for it, both PEM, that nobody vouches for. */
export async function createSelfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const now = Date.now()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${hostname()
      .slice(0, 60)
      .replaceAll(/[^A-Za-z0-9.-]/g, '-')}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + LIFETIME_MS),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])
    ]
  })
  return { key: await formatPrivateKey(keys.privateKey), cert: certificate.toString('pem') }
}
