import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { METALLB_AUTHORITY } from '../test/metallb-authority.ts'
import { createAuthority, issueServerCertificate, renewAuthority } from './certificate-authority.ts'
import type { KeyPair } from './certificate-files.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.parse('2026-03-01T00:00:00Z')
const HOSTS = ['metallb-webhook-service.metallb-system.svc'] as const
const VALIDITY = { nowMs: NOW_MS, lifetimeMs: 365 * DAY_MS }

function daysUntil({ cert }: KeyPair): number {
  return (Date.parse(new X509Certificate(cert).validTo) - NOW_MS) / DAY_MS
}

function issued(by: KeyPair, pair: KeyPair): boolean {
  const authority = new X509Certificate(by.cert)
  const certificate = new X509Certificate(pair.cert)
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

test('an authority may sign, and has signed itself', async () => {
  const authority = await createAuthority({ ...VALIDITY, name: 'somebody' })
  const certificate = new X509Certificate(authority.cert)
  expect(certificate.ca).toBe(true)
  expect(certificate.subject).toBe('CN=somebody')
  expect(issued(authority, authority)).toBe(true)
  expect(certificate.checkPrivateKey(createPrivateKey(authority.key))).toBe(true)
  expect(daysUntil(authority)).toBe(365)
})

test('a server certificate is for its names, for its key, and of its authority', async () => {
  const authority = await createAuthority({ ...VALIDITY, name: 'somebody' })
  const pair = await issueServerCertificate(authority, { ...VALIDITY, hosts: HOSTS, lifetimeMs: DAY_MS })
  const certificate = new X509Certificate(pair.cert)
  expect(certificate.checkHost(HOSTS[0])).toBe(HOSTS[0])
  expect(certificate.checkHost('localhost')).toBeUndefined()
  expect(certificate.ca).toBe(false)
  expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true)
  expect(daysUntil(pair)).toBe(1)
  expect(issued(authority, pair)).toBe(true)
  expect(issued(await createAuthority({ ...VALIDITY, name: 'somebody' }), pair)).toBe(false)
})

test('a long name of a Service is in the alternative names, which have no bound', async () => {
  const host = `${'a'.repeat(63)}.${'b'.repeat(63)}.svc`
  const authority = await createAuthority({ ...VALIDITY, name: 'somebody' })
  const { cert } = await issueServerCertificate(authority, { ...VALIDITY, hosts: [host] })
  expect(new X509Certificate(cert).checkHost(host)).toBe(host)
})

test('a renewed authority and the one before vouch for the same certificates', async () => {
  const before = await createAuthority({ ...VALIDITY, name: 'somebody' })
  const after = await renewAuthority(before, { ...VALIDITY, lifetimeMs: 3650 * DAY_MS })
  expect(daysUntil(after)).toBe(3650)
  expect(after.cert).not.toBe(before.cert)
  for (const signer of [before, after]) {
    const pair = await issueServerCertificate(signer, { ...VALIDITY, hosts: HOSTS })
    expect([issued(before, pair), issued(after, pair)]).toEqual([true, true])
  }
})

test('an authority of MetalLB goes on to be one', async () => {
  const pair = await issueServerCertificate(METALLB_AUTHORITY, { ...VALIDITY, hosts: HOSTS })
  expect(issued(METALLB_AUTHORITY, pair)).toBe(true)
  const renewed = await renewAuthority(METALLB_AUTHORITY, VALIDITY)
  expect(new X509Certificate(renewed.cert).subject).toBe('O=metallb\nCN=cert')
  expect([issued(renewed, pair), issued(renewed, METALLB_AUTHORITY)]).toEqual([true, true])
})

test('a key that cannot sign here is refused', async () => {
  const { privateKey } = generateKeyPairSync('x25519')
  const { cert } = await createAuthority({ ...VALIDITY, name: 'somebody' })
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await expect(issueServerCertificate({ cert, key }, { ...VALIDITY, hosts: HOSTS })).rejects.toThrow('x25519')
})
