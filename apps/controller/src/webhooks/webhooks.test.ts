import { once } from 'node:events'
import { createServer } from 'node:net'
import { loadCertificateMaker } from '@clarion-lb/runtime'
import {
  afterwards,
  freePort,
  METALLB_AUTHORITY,
  pool,
  service,
  type TestCluster
} from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import {
  addressesOf,
  ControllerBench,
  eventuallyAddresses,
  eventuallyLed
} from '../../test/controller-bench.ts'
import {
  admission,
  askForPool,
  bundlesOf,
  CONFIGURATION,
  CRD,
  call,
  conversion,
  eventuallyInjected,
  HOST,
  putConfiguration,
  SECRET,
  secretText,
  startWebhookCluster,
  startWebhooks
} from '../../test/webhook-bench.ts'
import { WEBHOOKS } from '../tokens.ts'
import { formatSecretData } from './stored-certificates.ts'

const RESOURCES = ['secrets', 'validatingwebhookconfigurations', 'customresourcedefinitions'] as const

/** How often each was written by one of us. */
function writes(cluster: TestCluster, identity: string): readonly number[] {
  return RESOURCES.map((resource) => cluster.writes(resource, `controller-${identity}`).length)
}

async function eventuallyServed(cluster: TestCluster, times = 1): Promise<void> {
  await cluster.eventually(() => expect(cluster.logs('webhooks served')).toHaveLength(times))
}

/** What the Secret holds in a cluster that MetalLB ran in. */
async function metallbSecret(): Promise<ReturnType<typeof formatSecretData>> {
  const maker = await loadCertificateMaker()
  const validity = { nowMs: Date.now(), lifetimeMs: 365 * 86_400_000 }
  const server = await maker.issueServerCertificate(METALLB_AUTHORITY, { ...validity, hosts: [HOST] })
  return formatSecretData({ authority: METALLB_AUTHORITY, server })
}

describe('from the manifests alone', () => {
  test('certificates are made, believed and served, and objects are reviewed', async () => {
    const cluster = await startWebhookCluster()
    cluster.put(pool('old', ['192.0.2.0/24']))
    const { controller, port } = await startWebhooks(cluster)
    const webhooks = controller.root.resolve(WEBHOOKS)
    expect(webhooks.unreadyBecause()).toBe('webhooks are not served: there is no certificate yet')
    await eventuallyInjected(cluster)
    await eventuallyServed(cluster)
    expect(webhooks.unreadyBecause()).toBeUndefined()
    expect(await askForPool(cluster, port, ['198.51.100.0/24'])).toBe(true)
    expect(cluster.logs('object refused')).toEqual([])
    expect(await askForPool(cluster, port, ['192.0.2.128/25'])).toContain('overlaps')
    expect(cluster.logs('object refused')).toMatchObject([
      { level: 30, kind: 'IPAddressPool', name: 'asked', operation: 'CREATE' }
    ])
  })

  test('every kind is reviewed, and peers are converted', async () => {
    const cluster = await startWebhookCluster()
    const { port } = await startWebhooks(cluster)
    await eventuallyInjected(cluster)
    await eventuallyServed(cluster)
    const peer = { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1', bfdProfile: 'later' }
    const specs = {
      BGPPeer: peer,
      L2Advertisement: {},
      BGPAdvertisement: {},
      Community: {},
      BFDProfile: {}
    } as const
    for (const kind of [
      'BGPPeer',
      'L2Advertisement',
      'BGPAdvertisement',
      'Community',
      'BFDProfile'
    ] as const) {
      const { path, body } = admission(kind, 'x', specs[kind])
      expect(await call(cluster, port, path, body)).toMatchObject({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: 'u', allowed: true }
      })
    }
    const object = { apiVersion: 'metallb.io/v1beta1', kind: 'BGPPeer', metadata: { name: 'p' }, spec: peer }
    const { path, body } = conversion('metallb.io/v1beta2', [object])
    expect(await call(cluster, port, path, body)).toMatchObject({
      response: { result: { status: 'Success' }, convertedObjects: [{ spec: peer }] }
    })
  })

  test('what is written is written once, and owned by nobody else', async () => {
    const cluster = await startWebhookCluster()
    await startWebhooks(cluster)
    await eventuallyInjected(cluster)
    await eventuallyServed(cluster)
    const owned = (cluster.get(CONFIGURATION).metadata.managedFields ?? []).filter(
      ({ manager }) => manager === 'clarion-webhooks'
    )
    expect(owned).toHaveLength(1)
    const fields = JSON.stringify(owned[0]?.['fieldsV1'])
    expect(fields.match(/f:caBundle/g)).toHaveLength(6)
    expect(fields).not.toMatch(/f:(service|rules|sideEffects|failurePolicy|url)|example/)
    // Whatever else happens to these objects is nothing to us.
    for (const ref of [SECRET, CONFIGURATION, CRD])
      cluster.change(ref, (current) => ({
        ...current,
        metadata: { ...current.metadata, labels: { a: 'b' } }
      }))
    cluster.put(pool('later', ['192.0.2.0/24']))
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.0'] })
    expect(writes(cluster, 'one')).toEqual([1, 1, 1])
    expect(cluster.get(CONFIGURATION).metadata.labels).toEqual({ a: 'b' })
  })

  test('an empty Secret is filled, and keeps what else it has', async () => {
    const cluster = await startWebhookCluster()
    cluster.put({
      ...SECRET,
      metadata: { ...SECRET.metadata, labels: { app: 'metallb' } },
      data: { more: 'eA==' }
    })
    await startWebhooks(cluster)
    await eventuallyInjected(cluster)
    expect(cluster.get(SECRET).metadata.labels).toEqual({ app: 'metallb' })
    expect(secretText(cluster, 'more')).toBe('eA==')
  })
})

describe('what is there already', () => {
  test('of MetalLB is taken over as it is', async () => {
    const cluster = await startWebhookCluster()
    const data = await metallbSecret()
    cluster.put({ ...SECRET, data: { ...data } })
    putConfiguration(cluster, data['ca.crt'])
    const { port } = await startWebhooks(cluster)
    await eventuallyInjected(cluster)
    await eventuallyServed(cluster)
    expect(secretText(cluster, 'tls.crt')).toBe(data['tls.crt'])
    expect(writes(cluster, 'one')).toEqual([0, 0, 1])
    expect(await askForPool(cluster, port, ['192.0.2.0/24'])).toBe(true)
  })

  test('is not written again by a restart', async () => {
    const cluster = await startWebhookCluster()
    const { controller } = await startWebhooks(cluster)
    await eventuallyInjected(cluster)
    await eventuallyServed(cluster)
    await eventuallyLed(cluster, 1)
    await controller.stop()
    await startWebhooks(cluster, { identity: 'two' })
    await eventuallyServed(cluster, 2)
    await eventuallyLed(cluster, 2)
    expect(writes(cluster, 'two')).toEqual([0, 0, 0])
  })

  test('is made anew, and believed, when somebody deletes it; connections are served all along', async () => {
    const cluster = await startWebhookCluster()
    const { port } = await startWebhooks(cluster)
    await eventuallyInjected(cluster)
    await eventuallyServed(cluster)
    const before = secretText(cluster, 'ca.crt')
    cluster.remove(SECRET)
    await cluster.eventually(() => expect(cluster.logs('webhook certificate replaced')).toHaveLength(1))
    await eventuallyInjected(cluster)
    expect(secretText(cluster, 'ca.crt')).not.toBe(before)
    expect(await askForPool(cluster, port, ['192.0.2.0/24'])).toBe(true)
  })
})

describe('two replicas', () => {
  test('serve the same certificate, and one writes; the other goes on when that one has gone', async () => {
    const cluster = await startWebhookCluster()
    const one = await startWebhooks(cluster)
    await eventuallyInjected(cluster)
    const two = await startWebhooks(cluster, { identity: 'two' })
    await eventuallyServed(cluster, 2)
    for (const { port } of [one, two]) expect(await askForPool(cluster, port, ['192.0.2.0/24'])).toBe(true)
    expect([writes(cluster, 'one'), writes(cluster, 'two')]).toEqual([
      [1, 1, 1],
      [0, 0, 0]
    ])
    await one.controller.stop()
    cluster.remove(SECRET)
    await eventuallyInjected(cluster)
    // The new authority beside the old one, and then alone.
    expect(writes(cluster, 'two')).toEqual([1, 2, 2])
  })
})

describe('a bundle that somebody else replaces', () => {
  test('is put back, later each time', async () => {
    const cluster = await startWebhookCluster()
    await startWebhooks(cluster)
    await eventuallyInjected(cluster)
    for (const times of [1, 2]) {
      putConfiguration(cluster, Buffer.from('of others').toString('base64'))
      expect(bundlesOf(cluster)[0]).not.toBe(secretText(cluster, 'ca.crt'))
      await eventuallyInjected(cluster)
      const message = 'webhook authority put back: somebody else replaces it'
      await cluster.eventually(() => expect(cluster.logs(message)).toHaveLength(times))
      expect(writes(cluster, 'one')).toEqual([1, 1 + times, 1])
    }
  })

  test('is put back at once when the whole object was taken away and applied again', async () => {
    const cluster = await startWebhookCluster()
    await startWebhooks(cluster)
    await eventuallyInjected(cluster)
    cluster.remove(CONFIGURATION)
    putConfiguration(cluster)
    await eventuallyInjected(cluster)
    expect(writes(cluster, 'one')).toEqual([1, 2, 1])
  })
})

describe('without them', () => {
  test('because the Secret may not be written, addresses are given all the same; they come when it may', async () => {
    const cluster = await startWebhookCluster()
    const fault = cluster.sim.faults.add({
      match: { resource: 'secrets' },
      action: { type: 'status', code: 403 }
    })
    cluster.put(pool('main', ['192.0.2.0/24']))
    const { controller, port } = await startWebhooks(cluster)
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.0'] })
    await cluster.eventually(() => expect(cluster.logs('webhook certificate not kept')).toHaveLength(1))
    expect(controller.root.resolve(WEBHOOKS).unreadyBecause()).toBeUndefined()
    cluster.sim.faults.remove(fault)
    await eventuallyInjected(cluster)
    await eventuallyServed(cluster)
    expect(await askForPool(cluster, port, ['198.51.100.0/24'])).toBe(true)
  })

  test('because the port is taken, addresses are given all the same', async () => {
    const cluster = await startWebhookCluster()
    const port = await freePort()
    const other = createServer().listen(port)
    afterwards(() => other.close())
    await once(other, 'listening')
    cluster.put(pool('main', ['192.0.2.0/24']))
    const { controller } = await startWebhooks(cluster, { argv: [`--webhook-port=${port}`] })
    await cluster.eventually(() => expect(cluster.logs('webhooks not served')).toHaveLength(1))
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.0'] })
    expect(controller.root.resolve(WEBHOOKS).unreadyBecause()).toBeUndefined()
    other.close()
    await eventuallyServed(cluster)
  })

  test('because they are disabled, nothing of them is read or written', async () => {
    const cluster = await startWebhookCluster()
    await ControllerBench.lead(cluster)
    const [, ...others] = RESOURCES
    expect(cluster.requests.filter(({ resource }) => others.some((other) => other === resource))).toEqual([])
    expect(cluster.find(SECRET)).toBeUndefined()
    expect(writes(cluster, 'one')).toEqual([0, 0, 0])
  })
})

test('onlywebhook: objects are reviewed, and nothing else is done', async () => {
  const cluster = await startWebhookCluster()
  cluster.put(pool('main', ['192.0.2.0/24']))
  cluster.put(service('web'))
  const { port } = await startWebhooks(cluster, { argv: ['--webhook-mode=onlywebhook'] })
  await eventuallyInjected(cluster)
  await eventuallyServed(cluster)
  expect(await askForPool(cluster, port, ['192.0.2.0/25'])).toContain('overlaps')
  expect(addressesOf(cluster, 'web')).toEqual([])
  expect(cluster.list('coordination.k8s.io/leases').map(({ metadata }) => metadata.name)).toEqual([
    'clarion-webhooks'
  ])
  // It stands in nobody's way.
  await ControllerBench.lead(cluster, { identity: 'two' })
  await eventuallyAddresses(cluster, { web: ['192.0.2.0'] })
})
