import { writeFile } from 'node:fs/promises'
import { defineResource, type KubeClient, NAMESPACES } from '@clarion-lb/k8s-watch'
import { askApi, CLARION_NAMESPACE, CONTROL_PLANE_PROGRAMS, readAuditLog } from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ControlPlaneFixture, until } from './control-plane-fixture.ts'
import { Controllers } from './controllers.ts'
import { skipReason } from './requirements.ts'

const SERVICE_COUNT = 10_000
/** A busy machine takes twenty a second. */
const CREATION_TIMEOUT_MS = 60_000 + SERVICE_COUNT * 50
const BURST = 100
/** A controller manager that has lost its watch looks again for the API server after up to half a minute. */
const DELETION_TIMEOUT_MS = 120_000
const TOKEN_LIFETIME_S = 10
const ACCOUNT = { namespace: CLARION_NAMESPACE, name: 'controller' }
const POOLS = defineResource<PoolObject>({
  group: 'metallb.io',
  version: 'v1beta1',
  plural: 'ipaddresspools',
  kind: 'IPAddressPool',
  isNamespaced: true
})
const USER = `system:serviceaccount:${CLARION_NAMESPACE}:controller`
const READING = ['get', 'list', 'watch']
const PROGRAMS = [...CONTROL_PLANE_PROGRAMS, 'kube-controller-manager', 'kube-scheduler'] as const

const reason = await skipReason(PROGRAMS)

describe.skipIf(reason !== undefined)('what befalls a controller on a real API server', () => {
  let fixture: ControlPlaneFixture
  let controllers: Controllers
  let client: KubeClient

  const deleteNamespace = async (name: string): Promise<void> => {
    const key = { namespace: '', name }
    await client.delete(NAMESPACES, key)
    const isGone = async (): Promise<true | undefined> =>
      (await client.find(NAMESPACES, key)) === undefined ? true : undefined
    await until(`${name} is gone`, isGone, DELETION_TIMEOUT_MS)
  }
  /** How many addresses the pool says it has given, once they are no more than these. */
  const assignedAtMost = async (count: number): Promise<number> =>
    until(`at most ${count} addresses of the pool are assigned`, async () => {
      const { status } = await client.get(POOLS, { namespace: CLARION_NAMESPACE, name: 'large' })
      const { assignedIPv4 = 0 } = status ?? {}
      return assignedIPv4 <= count ? assignedIPv4 : undefined
    })

  beforeAll(async () => {
    fixture = await ControlPlaneFixture.start(PROGRAMS, { hasAuditLog: true })
    client = await fixture.client()
    await fixture.prepare()
    controllers = new Controllers(fixture)
    await controllers.start('one')
    await fixture.api.apply({
      apiVersion: 'metallb.io/v1beta1',
      kind: 'IPAddressPool',
      metadata: { name: 'large', namespace: CLARION_NAMESPACE },
      spec: { addresses: ['10.50.0.0/16'] }
    })
    await fixture.createService('first')
    await fixture.addressesOf('first')
  })
  afterAll(async () => fixture?.stop())

  test('a token that has expired is read again from its file, and nothing has to be restarted', async () => {
    const { controlPlane, clarion } = fixture
    await controllers.stop('one')
    const expiring = await controlPlane.signToken(ACCOUNT, TOKEN_LIFETIME_S)
    await controllers.start('brief', { token: expiring })
    await until('the API server refuses it', async () => {
      const connection = { ...controlPlane.connection, user: { token: expiring } }
      const { status } = await askApi(connection, { path: '/api/v1/services' })
      return status === 401 ? true : undefined
    })
    await fixture.createService('expired')
    await controllers.waitForLog('brief', 'Unauthorized')
    await writeFile(clarion.tokenFile('brief'), await controlPlane.requestToken(ACCOUNT))
    expect(await fixture.addressesOf('expired')).toHaveLength(1)
    expect(controllers.get('brief')?.isRunning).toBe(true)
    await controllers.stop('brief')
    await controllers.start('one')
  })

  test('an API server that comes back with another certificate is believed', async () => {
    const { controlPlane } = fixture
    await controlPlane.crashApiServer()
    await controlPlane.renewCertificate()
    await controlPlane.startApiServer()
    await until('it takes Services', async () => fixture.createService('renewed').then(() => true))
    expect(await fixture.addressesOf('renewed')).toHaveLength(1)
  })

  test('a namespace that is deleted with all that is in it gives its addresses back', async () => {
    const before = await controllers.countServices()
    await client.create(NAMESPACES, { metadata: { name: 'doomed' } })
    await controllers.createMany('doomed', 'web', BURST)
    await controllers.allAddresses(before + BURST)
    await deleteNamespace('doomed')
    expect(await assignedAtMost(before)).toBe(before)
  })

  test('a namespace that is deleted while no controller runs gives its addresses back to the next one', async () => {
    const before = await controllers.countServices()
    await client.create(NAMESPACES, { metadata: { name: 'deserted' } })
    await controllers.createMany('deserted', 'web', BURST)
    const addresses = await controllers.allAddresses(before + BURST)
    await controllers.stop('one')
    await deleteNamespace('deserted')
    const sinceMs = Date.now()
    await controllers.start('two')
    expect(await assignedAtMost(before)).toBe(before)
    // The lowest that are free: those of the namespace.
    await controllers.createMany('default', 'heir', BURST)
    const now = await controllers.allAddresses(before + BURST)
    expect([...now.values()].toSorted()).toEqual([...addresses.values()].toSorted())
    const { ours, written } = await until('the audit log has what gave them', async () => {
      const requests = await readAuditLog(fixture.controlPlane.auditLogFile, sinceMs)
      const ours = requests.filter(({ user, verb }) => user === USER && !READING.includes(verb))
      const written = ours.filter(({ resource }) => resource === 'services/status')
      return written.length >= BURST ? { ours, written } : undefined
    })
    expect(ours.filter(({ namespace }) => namespace === 'deserted')).toEqual([])
    expect(written.every(({ name }) => name.startsWith('heir-'))).toBe(true)
    expect(written.length).toBe(BURST)
  })

  test(`${SERVICE_COUNT} Services that are created in one go all get addresses, each another one`, {
    timeout: 2 * CREATION_TIMEOUT_MS
  }, async () => {
    const count = (await controllers.countServices()) + SERVICE_COUNT
    const startedAt = performance.now()
    const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1)
    await controllers.createMany('default', 'many', SERVICE_COUNT)
    process.stderr.write(`${SERVICE_COUNT} Services are created after ${seconds()} s\n`)
    const addresses = await controllers.allAddresses(count, CREATION_TIMEOUT_MS)
    process.stderr.write(`and have addresses after ${seconds()} s\n`)
    expect(new Set(addresses.values()).size).toBe(count)
  })
})

interface PoolObject {
  readonly metadata: { readonly name: string }
  readonly status?: { readonly assignedIPv4?: number }
}
