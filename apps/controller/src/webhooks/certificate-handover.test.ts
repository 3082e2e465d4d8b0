import { type KeyPair, loadCertificateMaker } from '@clarion-lb/runtime'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HOST } from '../../test/webhook-bench.ts'
import { CertificateHandover } from './certificate-handover.ts'
import type { StoredCertificates } from './stored-certificates.ts'

const GRACE_MS = 3000
const DAY_MS = 86_400_000
const maker = await loadCertificateMaker()
const validity = { nowMs: Date.now(), lifetimeMs: 365 * DAY_MS }

async function issued(authority: KeyPair, lifetimeMs = validity.lifetimeMs): Promise<StoredCertificates> {
  const server = await maker.issueServerCertificate(authority, { ...validity, lifetimeMs, hosts: [HOST] })
  return { authority, server }
}

const OLD = await maker.createAuthority({ ...validity, name: 'old' })
const NEW = await maker.createAuthority({ ...validity, name: 'new' })
const ONE = await issued(OLD)
const TWO = await issued(OLD)
const OTHER = await issued(NEW)

interface Bench {
  readonly handover: CertificateHandover
  readonly told: string[]
}

function start(): Bench {
  const told: string[] = []
  const nameOf = (text: string, names: Readonly<Record<string, string>>): string =>
    Object.entries(names)
      .filter(([, cert]) => text.includes(cert.trim()))
      .map(([name]) => name)
      .join('+')
  const handover = new CertificateHandover({
    onAuthority: (bundle) => {
      const text = Buffer.from(bundle, 'base64').toString('utf8')
      told.push(`believe ${nameOf(text, { old: OLD.cert, new: NEW.cert })}`)
    },
    onCertificate: ({ cert }) => {
      const names = { one: ONE.server.cert, two: TWO.server.cert, other: OTHER.server.cert }
      told.push(`serve ${nameOf(cert, names)}`)
    },
    graceMs: GRACE_MS
  })
  return { handover, told }
}

describe('certificates are handed on', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('at once where there were none, and where the authority is the same', () => {
    const { handover, told } = start()
    handover.take(ONE)
    handover.take(ONE)
    handover.take(TWO)
    expect(told).toEqual(['believe old', 'serve one', 'believe old', 'serve two'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('of another authority when both are believed, and the old one is forgotten after that', () => {
    const { handover, told } = start()
    handover.take(ONE)
    handover.take(OTHER)
    expect(told.splice(0)).toEqual(['believe old', 'serve one', 'believe old+new'])
    vi.advanceTimersByTime(GRACE_MS - 1)
    expect(told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(told.splice(0)).toEqual(['serve other'])
    vi.advanceTimersByTime(GRACE_MS)
    expect(told).toEqual(['believe new'])
  })

  test('that are put back meanwhile stay as they were', () => {
    const { handover, told } = start()
    handover.take(ONE)
    handover.take(OTHER)
    handover.take(ONE)
    vi.runAllTimers()
    expect(told).toEqual(['believe old', 'serve one', 'believe old+new', 'believe old'])
  })

  test('at once when what is served is of no use any more', () => {
    const { handover, told } = start()
    handover.take(ONE)
    vi.setSystemTime(Date.now() + 400 * DAY_MS)
    handover.take(OTHER)
    expect(told).toEqual(['believe old', 'serve one', 'believe new', 'serve other'])
  })

  test('not at all if nothing can be served with them, nor after the end', () => {
    const { handover, told } = start()
    handover.take(ONE)
    handover.take({ ...OTHER, server: { cert: OTHER.server.cert, key: 'nonsense' } })
    handover.take(OTHER)
    handover.stop()
    vi.runAllTimers()
    expect(told).toEqual(['believe old', 'serve one', 'believe old+new'])
  })
})
