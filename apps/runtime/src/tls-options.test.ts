import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { FlagError } from './flags.ts'
import { tlsOptionsOf } from './tls-options.ts'

const NOTHING = { minVersion: '', cipherSuites: '', curvePreferences: '' }

test('without flags it is TLS 1.3, and the rest is left to Node', () => {
  expect(tlsOptionsOf(NOTHING)).toEqual({ minVersion: 'TLSv1.3' })
})

test.each([
  ['VersionTLS12', 'TLSv1.2'],
  ['VersionTLS13', 'TLSv1.3']
])('%s is %s', (minVersion, wanted) => {
  expect(tlsOptionsOf({ ...NOTHING, minVersion })).toEqual({ minVersion: wanted })
})

test('suites of TLS 1.2 are chosen by their names in Go; those of TLS 1.3 stay', () => {
  const cipherSuites = ' TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 '
  expect(tlsOptionsOf({ ...NOTHING, cipherSuites }).ciphers?.split(':')).toEqual([
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384'
  ])
})

test('curves are chosen by their numbers, in order of preference', () => {
  expect(tlsOptionsOf({ ...NOTHING, curvePreferences: '4588,29,23' }).ecdhCurve).toBe(
    'X25519MLKEM768:X25519:P-256'
  )
})

test.each([
  [{ cipherSuites: 'TLS_RSA_WITH_RC4_128_SHA' }, '--tls-cipher-suites: "TLS_RSA_WITH_RC4_128_SHA"'],
  [{ cipherSuites: 'toString' }, '--tls-cipher-suites: "toString"'],
  [{ curvePreferences: '29,X25519' }, '--tls-curve-preferences: "X25519"'],
  [{ curvePreferences: 'constructor' }, '--tls-curve-preferences: "constructor"']
])('%j is refused by name', (flags, text) => {
  expect(() => tlsOptionsOf({ ...NOTHING, ...flags })).toThrow(FlagError)
  expect(() => tlsOptionsOf({ ...NOTHING, ...flags })).toThrow(text)
})

test('OpenSSL takes every suite and every curve that is offered', () => {
  const names = (flag: 'cipherSuites' | 'curvePreferences'): string => {
    try {
      tlsOptionsOf({ ...NOTHING, [flag]: '?' })
    } catch (error) {
      return String(error)
        .replace(/^.* is not one of /, '')
        .replaceAll(' ', '')
    }
    return ''
  }
  const [cipherSuites, curvePreferences] = [names('cipherSuites'), names('curvePreferences')]
  expect(cipherSuites.split(',').length).toBeGreaterThan(10)
  expect(curvePreferences).toBe('23,24,25,29,4588')
  for (const name of cipherSuites.split(','))
    expect(() => createSecureContext(tlsOptionsOf({ ...NOTHING, cipherSuites: name }))).not.toThrow()
  for (const number of curvePreferences.split(','))
    expect(() => createSecureContext(tlsOptionsOf({ ...NOTHING, curvePreferences: number }))).not.toThrow()
})
