import { X509Certificate } from 'node:crypto'
import type { KeyPair } from '@clarion-lb/runtime'
import { afterwards, NAMESPACE, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { HOST, SECRET, secretText } from '../../test/webhook-bench.ts'
import { CertificateKeeper } from './certificate-keeper.ts'
import { readSecretData } from './stored-certificates.ts'

const DAY_MS = 86_400_000
const START_MS = Date.parse('2026-06-01T00:00:00Z')

interface Bench {
  readonly cluster: TestCluster
  readonly keeper: CertificateKeeper
  /** What it did: `stored …`, `serve NAME`, `believe NAME`, `failed …`; names count certificates. */
  readonly told: string[]
  readonly advance: (days: number) => void
  readonly writes: () => readonly string[]
}

async function keep(
  options: { readonly mayWrite?: () => boolean; readonly host?: string } = {}
): Promise<Bench> {
  const cluster = await TestCluster.start({ crds: [] })
  const told: string[] = []
  const tell = (text: string): void => {
    told.push(text)
    cluster.ring()
  }
  const seen: string[] = []
  const nameOf = (text: string): number => {
    if (!seen.includes(text)) seen.push(text)
    return seen.indexOf(text)
  }
  let nowMs = START_MS
  const keeper = new CertificateKeeper({
    client: await cluster.client(),
    secret: { namespace: NAMESPACE, name: SECRET.metadata.name },
    host: HOST,
    mayWrite: () => true,
    onAuthority: (bundle) => tell(`believe ${nameOf(bundle)}`),
    onStored: ({ authority, server }) => tell(`stored ${authority} ${server}`),
    now: () => nowMs,
    checkMs: 5,
    ...options
  })
  afterwards(() => keeper.stop())
  keeper.start({
    onCertificate: ({ cert }: KeyPair) => tell(`serve ${nameOf(cert)}`),
    onFailure: (error) => tell(`failed ${String(error)}`)
  })
  return {
    cluster,
    keeper,
    told,
    advance: (days) => {
      nowMs += days * DAY_MS
    },
    writes: () => cluster.writes('secrets')
  }
}

function daysLeft(cluster: TestCluster, key: string): number {
  const pem = Buffer.from(secretText(cluster, key), 'base64').toString('utf8')
  return Math.round((Date.parse(new X509Certificate(pem).validTo) - START_MS) / DAY_MS)
}

async function eventuallyTold(bench: Bench, told: readonly string[]): Promise<void> {
  await bench.cluster.eventually(() => expect(bench.told.toSorted()).toEqual(told.toSorted()))
}

const MADE = ['stored create issue', 'believe 0', 'serve 1'] as const

describe('certificates', () => {
  test('are made for ten years and for one, and left alone for 275 days', async () => {
    const bench = await keep()
    await eventuallyTold(bench, MADE)
    expect([daysLeft(bench.cluster, 'ca.crt'), daysLeft(bench.cluster, 'tls.crt')]).toEqual([3650, 365])
    bench.advance(275)
    bench.keeper.look()
    // What is looked at a second time was looked at a first time.
    bench.cluster.change(SECRET, (current) => ({
      ...current,
      type: 'Opaque',
      data: { ...dataOf(bench), a: 'eA==' }
    }))
    await bench.cluster.eventually(() => expect(secretText(bench.cluster, 'a')).toBe('eA=='))
    expect(bench.writes()).toEqual(['create'])
  })

  test('are replaced by the clock, the authority with its name and key', async () => {
    const bench = await keep()
    await eventuallyTold(bench, MADE)
    const before = readSecretData(dataOf(bench))
    bench.advance(276)
    await eventuallyTold(bench, [...MADE, 'stored keep issue', 'believe 0', 'serve 2'])
    expect([daysLeft(bench.cluster, 'ca.crt'), daysLeft(bench.cluster, 'tls.crt')]).toEqual([3650, 641])
    bench.advance(3650 - 276 - 89)
    await bench.cluster.eventually(() => expect(bench.told).toContain('stored renew issue'))
    const after = readSecretData(dataOf(bench))
    expect(after.authority.key).toBe(before.authority.key)
    expect(after.authority.cert).not.toBe(before.authority.cert)
    // Who still believes the one before, or believes the new one already: either takes what is served.
    const served = new X509Certificate(after.server.cert)
    for (const { authority } of [before, after]) {
      const signer = new X509Certificate(authority.cert)
      expect(served.checkIssued(signer) && served.verify(signer.publicKey)).toBe(true)
    }
  })

  test('are not made while somebody else leads, and are when that has changed', async () => {
    let isLeader = false
    const bench = await keep({ mayWrite: () => isLeader })
    await bench.cluster.eventually(() =>
      expect(bench.cluster.requests.map(({ verb }) => verb)).toContain('watch')
    )
    bench.keeper.look()
    expect(bench.writes()).toEqual([])
    isLeader = true
    bench.keeper.look()
    await eventuallyTold(bench, MADE)
  })

  test('that another replica stored are served at once', async () => {
    const writer = await keep()
    await eventuallyTold(writer, MADE)
    const follower = await keep({ mayWrite: () => false })
    follower.cluster.put({ ...SECRET, data: dataOf(writer) })
    await eventuallyTold(follower, ['believe 0', 'serve 1'])
    expect(follower.writes()).toEqual([])
  })

  test('that are broken by hand are not served, and mended', async () => {
    const bench = await keep()
    await eventuallyTold(bench, MADE)
    bench.cluster.change(SECRET, (current) => ({ ...current, data: { ...dataOf(bench), 'tls.key': 'eA==' } }))
    await eventuallyTold(bench, [...MADE, 'stored keep issue', 'believe 0', 'serve 2'])
    expect(bench.writes()).toEqual(['create', 'update metallb-webhook-cert'])
  })

  test('that cannot be stored are tried again, and told of', async () => {
    const bench = await keep()
    bench.cluster.sim.faults.add({
      match: { resource: 'secrets', verbs: ['create'] },
      action: { type: 'status', code: 403 },
      times: 1
    })
    await bench.cluster.eventually(() => expect(bench.told).toContain('serve 1'))
    expect(bench.told.filter((text) => text.startsWith('failed')).length).toBeLessThanOrEqual(1)
  })

  test('for what is no DNS name are not made over and over', async () => {
    const bench = await keep({ host: 'ä.svc' })
    await bench.cluster.eventually(() => expect(bench.told.join()).toContain('if it is a DNS name'))
    expect(bench.writes()).toEqual([])
  })
})

function dataOf({ cluster }: Bench): Record<string, string> {
  const names = Object.keys(cluster.get(SECRET)['data'] ?? {})
  return Object.fromEntries(names.map((name) => [name, secretText(cluster, name)]))
}
