import { createPrivateKey, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { Authority } from './authority.ts'

test('a certificate carries the user, the groups and the hosts, and its authority vouches for it', async () => {
  const authority = await Authority.create('test-ca')
  const issued = await authority.issue({
    commonName: 'system:node:node-1',
    organizations: ['system:nodes'],
    hosts: ['127.0.0.1', 'kubernetes.default.svc']
  })
  const certificate = new X509Certificate(issued.certificate)
  expect(certificate.subject.split('\n')).toEqual(['O=system:nodes', 'CN=system:node:node-1'])
  expect(certificate.subjectAltName).toBe('IP Address:127.0.0.1, DNS:kubernetes.default.svc')
  expect(certificate.checkPrivateKey(createPrivateKey(issued.privateKey))).toBe(true)
  const issuer = new X509Certificate(authority.credentials.certificate)
  expect(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)).toBe(true)
})
