import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildCrdManifests } from '@clarion-lb/crds'
import { defineResource, SERVICES } from '@clarion-lb/k8s-watch'
import type { LabProcess } from '@clarion-lb/lab'
import {
  applyManifest,
  CLARION_NAMESPACE,
  CONTROL_PLANE_PROGRAMS,
  readManifests
} from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ControlPlaneFixture, NODE, ROOT, until } from './control-plane-fixture.ts'
import { skipReason } from './requirements.ts'
import { ADVERTISEMENT, L2_STATUSES, METALLB, POOL } from './samples.ts'

const CONFIGURATION_STATES = defineResource<{
  readonly metadata: { readonly name: string }
  readonly status?: { readonly result?: string; readonly errorSummary?: string }
}>({ ...METALLB, plural: 'configurationstates', kind: 'ConfigurationState' })
const POOLS = defineResource<{
  readonly metadata: { readonly name: string }
  readonly status?: { readonly assignedIPv4?: number }
}>({ ...METALLB, plural: 'ipaddresspools', kind: 'IPAddressPool' })

const reason = await skipReason(CONTROL_PLANE_PROGRAMS)

describe.skipIf(reason !== undefined)('clarion and a real API server', () => {
  let fixture: ControlPlaneFixture
  let controller: LabProcess

  beforeAll(async () => {
    fixture = await ControlPlaneFixture.start()
  })
  afterAll(async () => fixture?.stop())

  test.each(buildCrdManifests().map((manifest) => [manifest.metadata.name, manifest] as const))(
    '%s is accepted without a warning, and is served',
    async (name, manifest) => {
      const { connection } = fixture.controlPlane
      expect(await applyManifest(connection, manifest)).toMatchObject({ status: 201, warnings: [] })
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`
      const conditions = await until(`${name} is established`, async () => {
        const { body } = await fixture.controlPlane.ask({ path })
        const found = conditionsOf(body)
        return found['Established'] === 'True' ? found : undefined
      })
      expect(conditions).toEqual({ NamesAccepted: 'True', Established: 'True' })
    }
  )

  test('every object of the manifest for kubectl is accepted without a warning', async () => {
    const { connection } = fixture.controlPlane
    const hooks = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
    for (const manifest of await readManifests(join(ROOT, 'deploy', 'manifests', 'clarion-native.yaml'))) {
      const { status, warnings, body } = await applyManifest(connection, manifest)
      const what = `${manifest.kind} ${manifest.metadata.name}: ${JSON.stringify(body)}`
      const isAccepted = status === 200 || status === 201
      expect({ what, isAccepted, warnings }).toEqual({ what, isAccepted: true, warnings: [] })
    }
    // Nobody is there to be asked: no pod runs.
    await fixture.controlPlane.ask({ method: 'DELETE', path: hooks })
  })

  test('a Service gets an address of the pool, an event that says so, and a status of its announcement', async () => {
    await fixture.prepare()
    controller = await fixture.clarion.startController()
    await fixture.clarion.startSpeaker(NODE)
    await fixture.api.apply(POOL)
    await fixture.api.apply(ADVERTISEMENT)
    await fixture.createService('web')
    expect(await fixture.addressesOf('web')).toEqual(['192.0.2.10'])
    expect((await fixture.service('web')).status?.loadBalancer?.ingress).toEqual([
      { ip: '192.0.2.10', ipMode: 'VIP' }
    ])
    await until('the event is written', async () =>
      (await fixture.eventsOf('web')).includes('IPAllocated') ? true : undefined
    )
    const client = await fixture.client()
    const counted = await until('the pool counts it', async () => {
      const pool = await client.get(POOLS, { namespace: CLARION_NAMESPACE, name: 'main' })
      return pool.status?.assignedIPv4 === 1 ? pool.status : undefined
    })
    expect(counted).toEqual({ assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 89, availableIPv6: 0 })
  })

  test('a Service with an endpoint is announced, and its ServiceL2Status names the node', async () => {
    await fixture.api.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.1.10'], conditions: { ready: true }, nodeName: NODE }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }]
    })
    const client = await fixture.client()
    const status = await until('the status is written', async () => {
      const { items } = await client.list(L2_STATUSES)
      return items.find((one) => one.status?.serviceName === 'web')?.status
    })
    expect(status).toMatchObject({ node: NODE, serviceName: 'web', serviceNamespace: 'default' })
    await until('the event is written', async () =>
      (await fixture.eventsOf('web')).includes('nodeAssigned') ? true : undefined
    )
  })

  test('each binary reports that the configuration is valid, and what is wrong when it is not', async () => {
    const client = await fixture.client()
    const results = async (wanted: string): Promise<readonly string[] | undefined> => {
      const { items } = await client.list(CONFIGURATION_STATES, { namespace: CLARION_NAMESPACE })
      const found = items.filter(({ status }) => status?.result === wanted)
      return found.length === 2 ? found.map(({ status }) => status?.errorSummary ?? '') : undefined
    }
    await until('both are content', async () => results('Valid'))
    await fixture.api.apply({
      ...POOL,
      metadata: { ...POOL.metadata, name: 'overlapping' },
      spec: { addresses: ['192.0.2.50-192.0.2.60'] }
    })
    const summaries = await until('both complain', async () => results('Invalid'))
    for (const summary of summaries) expect(summary).toContain('overlapping')
    await client.delete(POOLS, { namespace: CLARION_NAMESPACE, name: 'overlapping' })
    await until('both are content again', async () => results('Valid'))
  })

  test('a restart of the controller writes to no Service', async () => {
    for (const name of ['a', 'b', 'c']) await fixture.createService(name)
    for (const name of ['a', 'b', 'c']) await fixture.addressesOf(name)
    const client = await fixture.client()
    const versions = async (): Promise<readonly string[]> =>
      (await client.list(SERVICES, { namespace: 'default' })).items
        .filter(({ metadata }) => metadata?.name !== 'last')
        .map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`)
    const before = await versions()
    await controller.stop()
    controller = await fixture.clarion.startController()
    // The last in line: when it has an address, the others have been looked at.
    await fixture.createService('last')
    await fixture.addressesOf('last')
    expect(await versions()).toEqual(before)
  })

  test('others that write to a Service at the same time lose nothing, and neither do we', async () => {
    const client = await fixture.client()
    await fixture.createService('busy')
    for (let i = 0; i < 30; i += 1) {
      const body = { metadata: { annotations: { [`busy/${i}`]: 'x' } } }
      await client.patch(SERVICES, { namespace: 'default', name: 'busy' }, { type: 'merge', body })
    }
    expect(await fixture.addressesOf('busy')).toHaveLength(1)
    const { metadata } = await fixture.service('busy')
    expect(Object.keys(metadata?.annotations ?? {}).filter((key) => key.startsWith('busy/'))).toHaveLength(30)
  })

  // A server that has just started forbids for a moment what it does not know yet to be allowed: this comes before.
  test('nothing that a binary asked for was forbidden by the rights that the manifest gives', async () => {
    for (const name of ['controller', `speaker-${NODE}`])
      expect(await readFile(fixture.clarion.logFile(name), 'utf8')).not.toMatch(/forbidden/i)
  })

  test('after a kill -9 of the API server, what happens next is seen', async () => {
    await fixture.controlPlane.crashApiServer()
    await fixture.controlPlane.startApiServer()
    await until('it takes Services', async () => fixture.createService('after-crash').then(() => true))
    expect(await fixture.addressesOf('after-crash')).toHaveLength(1)
  })

  test('after a restart of the API server that has forgotten the past, what happens next is seen', async () => {
    await fixture.createService('before-compaction')
    await fixture.addressesOf('before-compaction')
    await fixture.controlPlane.crashApiServer()
    await fixture.controlPlane.etcd.compact()
    await fixture.controlPlane.startApiServer()
    await until('it takes Services', async () => fixture.createService('after-compaction').then(() => true))
    expect(await fixture.addressesOf('after-compaction')).toHaveLength(1)
  })

  test('after a kill -9 of etcd, every address is where it was, and new ones are given', async () => {
    const before = (await fixture.service('web')).status
    await fixture.controlPlane.crashEtcd()
    await fixture.controlPlane.startEtcd()
    await until('the API answers', async () => fixture.createService('after-etcd').then(() => true))
    expect(await fixture.addressesOf('after-etcd')).toHaveLength(1)
    expect((await fixture.service('web')).status).toEqual(before)
  })
})

function conditionsOf(body: unknown): Readonly<Record<string, string>> {
  const text = JSON.stringify(body)
  return Object.fromEntries(
    [...text.matchAll(/"type":"(\w+)","status":"(\w+)"/g)].map(([, type = '', status = '']) => [type, status])
  )
}
