import { readFile, writeFile } from 'node:fs/promises'
import { defineResource, LEASES, SERVICES } from '@clarion-lb/k8s-watch'
import type { LabProcess } from '@clarion-lb/lab'
import { askApi, CLARION_NAMESPACE, CONTROL_PLANE_PROGRAMS } from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ControlPlaneFixture, NODE, until } from './control-plane-fixture.ts'
import { skipReason } from './requirements.ts'

/** 10000 is what the goal is stated for; it takes its time. */
const SERVICE_COUNT = Number(process.env['CLARION_TEST_SERVICES'] ?? '2000')
const CONNECTIONS = 16
/** So many at once wait for each other. */
const CREATE_TIMEOUT_MS = 60_000
const BURST = 100
/** Longer than a Lease of the leader lasts. */
const FROZEN_MS = Number(process.env['CLARION_TEST_FROZEN_MS'] ?? '12000')
const TOKEN_LIFETIME_S = 10
const ACCOUNT = { namespace: CLARION_NAMESPACE, name: 'controller' }
const ROLE = '/apis/rbac.authorization.k8s.io/v1/clusterroles/metallb-system:controller'
const LEADER = { namespace: CLARION_NAMESPACE, name: 'clarion-controller' }
const NAMESPACES = defineResource({
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  isNamespaced: false
})
const PROGRAMS = [...CONTROL_PLANE_PROGRAMS, 'kube-controller-manager', 'kube-scheduler'] as const

const reason = await skipReason(PROGRAMS)

describe.skipIf(reason !== undefined)('what befalls a controller on a real API server', () => {
  let fixture: ControlPlaneFixture
  let expiring: string
  const controllers = new Map<string, LabProcess>()

  /** Its pod is an object only. */
  const start = async (name: string, token?: string): Promise<void> => {
    const metadata = { name, namespace: CLARION_NAMESPACE }
    const spec = {
      nodeName: NODE,
      serviceAccountName: 'controller',
      containers: [{ name: 'controller', image: 'none' }]
    }
    await fixture.api.apply({ apiVersion: 'v1', kind: 'Pod', metadata, ...{ spec } })
    const common = { name, env: { METALLB_POD_NAME: name }, args: ['--webhook-mode=disabled'] }
    const place = token === undefined ? common : { ...common, token }
    controllers.set(name, await fixture.clarion.startController(place))
  }
  const said = async (name: string): Promise<string> => readFile(fixture.clarion.logFile(name), 'utf8')
  const leader = async (): Promise<string> =>
    until('somebody leads', async () => {
      const { spec } = await (await fixture.client()).get(LEASES, LEADER)
      return controllers.has(spec?.holderIdentity ?? '') ? spec?.holderIdentity : undefined
    })
  const createMany = async (namespace: string, prefix: string, count: number): Promise<void> => {
    const client = await fixture.client()
    let next = 0
    const work = async (): Promise<void> => {
      for (let i = next++; i < count; i = next++) {
        const metadata = { name: `${prefix}-${i}`, namespace }
        const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] }
        await client.create(SERVICES, { metadata, spec }, { timeoutMs: CREATE_TIMEOUT_MS })
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, work))
  }
  /** Addresses of all Services, once each has one. */
  const allAddresses = async (count: number, timeoutMs?: number): Promise<readonly string[]> =>
    until(
      `${count} Services have addresses`,
      async () => {
        const { items } = await (await fixture.client()).list(SERVICES)
        const addresses = items.flatMap(({ status }) =>
          (status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip)
        )
        return addresses.length >= count ? addresses : undefined
      },
      timeoutMs
    )
  const countServices = async (): Promise<number> =>
    (await (await fixture.client()).list(SERVICES)).items.filter(({ spec }) => spec?.type === 'LoadBalancer')
      .length

  beforeAll(async () => {
    fixture = await ControlPlaneFixture.start(PROGRAMS)
    await fixture.prepare()
    expiring = await fixture.controlPlane.signToken(ACCOUNT, TOKEN_LIFETIME_S)
    await start('one', expiring)
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
    await until('the API server refuses it', async () => {
      const connection = { ...controlPlane.connection, user: { token: expiring } }
      const { status } = await askApi(connection, { path: '/api/v1/services' })
      return status === 401 ? true : undefined
    })
    await fixture.createService('expired')
    await until('the log says so', async () =>
      (await said('one')).includes('Unauthorized') ? true : undefined
    )
    await writeFile(clarion.tokenFile('one'), await controlPlane.requestToken(ACCOUNT))
    expect(await fixture.addressesOf('expired')).toHaveLength(1)
    expect(controllers.get('one')?.isRunning).toBe(true)
  })

  test('a right that is revoked is named in an event, and once it is given again all goes on', async () => {
    const { body } = await fixture.controlPlane.ask({ path: ROLE })
    const rules = rulesOf(body)
    const lesser = rules.filter((rule) => !JSON.stringify(rule).includes('services/status'))
    expect(lesser.length).toBeLessThan(rules.length)
    const setRules = async (now: readonly unknown[]): Promise<void> => {
      const contentType = 'application/merge-patch+json'
      await fixture.controlPlane.ask({ method: 'PATCH', path: ROLE, contentType, body: { rules: now } })
    }
    await setRules(lesser)
    await fixture.createService('forbidden')
    await until('the event is written', async () =>
      (await fixture.eventsOf('forbidden')).includes('statusNotWritten') ? true : undefined
    )
    await setRules(rules)
    expect(await fixture.addressesOf('forbidden')).toHaveLength(1)
  })

  test('an API server that comes back with another certificate is believed', async () => {
    const { controlPlane } = fixture
    await controlPlane.crashApiServer()
    await controlPlane.renewCertificate()
    await controlPlane.startApiServer()
    await fixture.createService('renewed')
    expect(await fixture.addressesOf('renewed')).toHaveLength(1)
  })

  test('a leader that is frozen amid its work gives no address twice when it thaws', async () => {
    await start('two')
    const first = await leader()
    const count = (await countServices()) + BURST
    const creating = createMany('default', 'burst', BURST)
    await allAddresses(count - BURST + BURST / 10)
    controllers.get(first)?.kill('SIGSTOP')
    const frozenAt = performance.now()
    await creating
    const addresses = await allAddresses(count)
    expect(await leader()).not.toBe(first)
    await new Promise((resolve) => {
      setTimeout(resolve, FROZEN_MS - (performance.now() - frozenAt))
    })
    controllers.get(first)?.kill('SIGCONT')
    await createMany('default', 'after', BURST)
    const after = await allAddresses(count + BURST)
    expect(new Set(after).size).toBe(after.length)
    expect(after).toEqual(expect.arrayContaining([...addresses]))
    expect(await leader()).not.toBe(first)
  })

  test('a namespace that is deleted with all that is in it gives its addresses back', async () => {
    const client = await fixture.client()
    await client.create(NAMESPACES, { metadata: { name: 'doomed' } })
    const before = await countServices()
    await createMany('doomed', 'web', BURST)
    await allAddresses(before + BURST)
    await client.delete(NAMESPACES, { namespace: '', name: 'doomed' })
    await until('it is gone', async () =>
      (await client.find(NAMESPACES, { namespace: '', name: 'doomed' })) === undefined ? true : undefined
    )
    const pool = defineResource<PoolObject>({
      group: 'metallb.io',
      version: 'v1beta1',
      plural: 'ipaddresspools',
      kind: 'IPAddressPool',
      isNamespaced: true
    })
    const assigned = await until('the pool has them', async () => {
      const { status } = await client.get(pool, { namespace: CLARION_NAMESPACE, name: 'large' })
      return (status?.assignedIPv4 ?? 0) <= before ? status?.assignedIPv4 : undefined
    })
    expect(assigned).toBe(before)
  })

  test(`${SERVICE_COUNT} Services that are created in one go all get addresses, each another one`, async () => {
    const count = (await countServices()) + SERVICE_COUNT
    await createMany('default', 'many', SERVICE_COUNT)
    const addresses = await allAddresses(count, SERVICE_COUNT * 60)
    expect(new Set(addresses).size).toBe(count)
  })
})

interface PoolObject {
  readonly metadata: { readonly name: string }
  readonly status?: { readonly assignedIPv4?: number }
}

function rulesOf(body: unknown): readonly unknown[] {
  return typeof body === 'object' && body !== null && 'rules' in body && Array.isArray(body.rules)
    ? body.rules
    : []
}
