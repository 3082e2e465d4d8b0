import { generateKeyPairSync } from 'node:crypto'
import { loadCertificateMaker } from '@clarion-lb/runtime'
import { METALLB_AUTHORITY } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import {
  AUTHORITY_LIFETIME_MS,
  formatSecretData,
  isServable,
  planCertificates,
  readSecretData,
  SERVER_LIFETIME_MS,
  type StoredCertificates
} from './stored-certificates.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.parse('2026-06-01T00:00:00Z')
const HOST = 'metallb-webhook-service.metallb-system.svc'
const NOTHING = { cert: '', key: '' }

async function make(
  days: { readonly authority?: number; readonly server?: number; readonly host?: string } = {}
): Promise<StoredCertificates> {
  const maker = await loadCertificateMaker()
  const lifetimeMs = days.authority === undefined ? AUTHORITY_LIFETIME_MS : days.authority * DAY_MS
  const authority = await maker.createAuthority({ name: 'ca', nowMs: NOW_MS, lifetimeMs })
  return { authority, server: await issue(authority, days.server, days.host) }
}

async function issue(authority: StoredCertificates['authority'], days = 365, host: string = HOST) {
  const maker = await loadCertificateMaker()
  return maker.issueServerCertificate(authority, { nowMs: NOW_MS, lifetimeMs: days * DAY_MS, hosts: [host] })
}

function plan(stored: StoredCertificates, nowMs: number = NOW_MS): string {
  const { authority, server } = planCertificates(stored, { host: HOST, nowMs })
  return `${authority} ${server}`
}

describe('what is to be done', () => {
  test('nothing, while both have 90 days left', async () => {
    const stored = await make()
    expect(plan(stored)).toBe('keep keep')
    expect(plan(stored, NOW_MS + SERVER_LIFETIME_MS - 90 * DAY_MS)).toBe('keep keep')
  })

  test('each is replaced on its own when less is left; the end comes only after', async () => {
    const stored = await make()
    expect(plan(stored, NOW_MS + SERVER_LIFETIME_MS - 90 * DAY_MS + 1000)).toBe('keep issue')
    expect(plan(stored, NOW_MS + SERVER_LIFETIME_MS + DAY_MS)).toBe('keep issue')
    expect(plan(await make({ authority: 89 }))).toBe('renew keep')
    expect(plan(await make({ authority: 89, server: 80 }))).toBe('renew issue')
  })

  test.each<[string, (good: StoredCertificates) => Promise<StoredCertificates> | StoredCertificates, string]>(
    [
      ['an empty Secret', () => ({ authority: NOTHING, server: NOTHING }), 'create issue'],
      ['no authority', ({ server }) => ({ authority: NOTHING, server }), 'create issue'],
      [
        'nonsense',
        () => ({ authority: { cert: 'x', key: 'y' }, server: { cert: 'x', key: 'y' } }),
        'create issue'
      ],
      [
        'another key',
        async ({ authority, server }) => ({
          authority: { ...authority, key: (await make()).authority.key },
          server
        }),
        'create issue'
      ],
      ['an authority that is none', ({ server }) => ({ authority: server, server }), 'create issue'],
      ['no server', ({ authority }) => ({ authority, server: NOTHING }), 'keep issue'],
      [
        'half a server',
        ({ authority, server }) => ({ authority, server: { ...server, key: '' } }),
        'keep issue'
      ],
      [
        'a server of another authority',
        async ({ authority }) => ({ authority, server: (await make()).server }),
        'keep issue'
      ],
      [
        'a server of another name',
        async ({ authority }) => ({ authority, server: await issue(authority, 365, 'other.svc') }),
        'keep issue'
      ],
      [
        "MetalLB's authority",
        async () => ({ authority: METALLB_AUTHORITY, server: await issue(METALLB_AUTHORITY) }),
        'keep keep'
      ]
    ]
  )('with %s', async (_what, change, wanted) => {
    expect(plan(await change(await make()))).toBe(wanted)
  })

  test('an authority whose key cannot sign here is made anew', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const { authority, server } = await make()
    expect(plan({ authority: { ...authority, key }, server })).toBe('create issue')
  })
})

test('what is written to a Secret is read from it, by the names of MetalLB', async () => {
  const stored = await make()
  const data = formatSecretData(stored)
  expect(Object.keys(data)).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key'])
  expect(readSecretData({ ...data })).toEqual(stored)
  expect(readSecretData(undefined)).toEqual({ authority: NOTHING, server: NOTHING })
})

test('served is only what is whole', async () => {
  const { authority, server } = await make()
  expect(isServable(server)).toBe(true)
  expect([NOTHING, { ...server, key: authority.key }].map(isServable)).toEqual([false, false])
})
