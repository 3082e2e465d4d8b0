import { readFile } from 'node:fs/promises'
import { SlowDoor } from '@clarion-lb/lab'
import {
  type AuditedRequest,
  CLARION_NAMESPACE,
  CONTROL_PLANE_PROGRAMS,
  readAuditLog
} from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ControlPlaneFixture, until } from './control-plane-fixture.ts'
import { Controllers } from './controllers.ts'
import { skipReason } from './requirements.ts'

const BURST = 100
/** Writes that a controller has under way at a time. */
const UNDER_WAY = 16
/** Much longer than a Lease of the leader lasts. */
const FROZEN_MS = 60_000

const reason = await skipReason(CONTROL_PLANE_PROGRAMS)

describe.skipIf(reason !== undefined)('a leader that is frozen amid its work', () => {
  let fixture: ControlPlaneFixture
  let controllers: Controllers
  let door: SlowDoor

  /** Status writes to Services of the burst, and how each was answered. */
  const writesOf = async (name: string): Promise<readonly AuditedRequest[]> => {
    const tokenId = await tokenIdOf(fixture.clarion.tokenFile(name))
    const requests = await readAuditLog(fixture.controlPlane.auditLogFile, 0)
    return requests.filter(
      (one) => one.tokenId === tokenId && one.resource === 'services/status' && one.name.startsWith('burst-')
    )
  }

  const addPool = async (name: string, addresses: string): Promise<void> => {
    const metadata = { name, namespace: CLARION_NAMESPACE }
    const spec = { addresses: [addresses] }
    await fixture.api.apply({ apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata, spec })
  }

  beforeAll(async () => {
    fixture = await ControlPlaneFixture.start(CONTROL_PLANE_PROGRAMS, { hasAuditLog: true })
    await fixture.prepare()
    controllers = new Controllers(fixture)
    const { hostname: host, port } = new URL(fixture.controlPlane.url)
    door = await SlowDoor.open({ host, port: Number(port) })
    await controllers.start('one', { url: `https://127.0.0.1:${door.port}` })
    await addPool('full', `10.50.0.1-10.50.0.${BURST}`)
    await controllers.createMany('default', 'before', BURST)
    await controllers.allAddresses(BURST)
    await controllers.start('two')
    await controllers.waitForLog('two', '"leader":"one"')
  })
  afterAll(async () => {
    await fixture?.stop()
    door?.close()
  })

  test('is refused each write to what another one has served, gives no address twice, and changes none', async () => {
    await controllers.createMany('default', 'burst', BURST)
    // Its writes are under way, and arrive when another one leads. All wait for addresses, and begin together: what renews
    // its Lease is held back too, and without that it would soon break them off.
    door.hold()
    await addPool('large', '10.51.0.0/16')
    await door.waitForHeld(UNDER_WAY)
    controllers.get('one')?.kill('SIGSTOP')
    const frozenAt = performance.now()
    const served = await controllers.allAddresses(2 * BURST)
    expect(await controllers.leader()).toBe('two')
    door.letGo()
    const late = await until('what was under way is answered', async () => {
      const writes = await writesOf('one')
      return writes.length > 0 && writes.every(({ status }) => status !== undefined) ? writes : undefined
    })
    expect(new Set(late.map(({ status }) => status))).toEqual(new Set([409]))
    await new Promise((resolve) => {
      setTimeout(resolve, FROZEN_MS - (performance.now() - frozenAt))
    })
    controllers.get('one')?.kill('SIGCONT')
    await controllers.waitForLog('one', '"msg":"leadership lost"')
    await controllers.createMany('default', 'after', BURST)
    const after = await controllers.allAddresses(3 * BURST)
    expect([...served].filter(([name, address]) => after.get(name) !== address)).toEqual([])
    expect(new Set(after.values()).size).toBe(after.size)
    expect(await controllers.leader()).toBe('two')
    const refused = await writesOf('one')
    expect(refused.filter(({ status }) => status !== 409)).toEqual([])
    const taken = await writesOf('two')
    expect(taken.map(({ name, status }) => `${name} ${status}`).toSorted()).toEqual(
      Array.from({ length: BURST }, (_, i) => `burst-${i} 200`).toSorted()
    )
    process.stderr.write(`frozen for ${FROZEN_MS} ms: ${refused.length} late writes, all refused\n`)
  })
})

/** The `jti` of a token (RFC 7519 §4.1.7). */
async function tokenIdOf(file: string): Promise<string> {
  const [, claims = ''] = (await readFile(file, 'utf8')).split('.')
  const parsed: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'))
  return typeof parsed === 'object' && parsed !== null && 'jti' in parsed ? String(parsed.jti) : ''
}
