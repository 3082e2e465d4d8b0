import { ServiceAnnotation } from '@clarion-lb/crds'
import { defineResource, SERVICES, type V1Service } from '@clarion-lb/k8s-watch'
import type { LabProcess } from '@clarion-lb/lab'
import { applyManifest, CLARION_NAMESPACE, CONTROL_PLANE_PROGRAMS } from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ControlPlaneFixture, NODE, until } from './control-plane-fixture.ts'
import { skipReason } from './requirements.ts'

/** As MetalLB 0.9 to 0.12 read it. */
const CONFIG = `
address-pools:
- name: default
  protocol: layer2
  addresses:
  - 192.0.2.10-192.0.2.99
- name: special
  protocol: bgp
  auto-assign: false
  avoid-buggy-ips: true
  addresses:
  - 198.51.100.0/24
  bgp-advertisements:
  - aggregation-length: 32
    communities:
    - no-advertise
peers:
- peer-address: 192.0.2.254
  peer-asn: 64501
  my-asn: 64500
  node-selectors:
  - match-labels:
      rack: none
bgp-communities:
  no-advertise: 65535:65282
`
const ANNOTATIONS = 'metallb.universe.tf'
const POOL_ANNOTATION = ServiceAnnotation.ipAllocatedFromPool.current
const SHARED = { [`${ANNOTATIONS}/allow-shared-ip`]: 'key' }
/** Name, address that MetalLB has given, annotations, port. */
const OLD: readonly (readonly [string, string, object, number])[] = [
  ['web', '192.0.2.50', {}, 80],
  ['first', '192.0.2.10', {}, 80],
  ['special', '198.51.100.7', { [`${ANNOTATIONS}/address-pool`]: 'special' }, 80],
  ['shared-1', '192.0.2.60', SHARED, 80],
  ['shared-2', '192.0.2.60', SHARED, 81]
]
const L2_STATUSES = defineResource<{
  readonly metadata: { readonly name: string }
  readonly status?: { readonly serviceName?: string }
}>({
  group: 'metallb.io',
  version: 'v1beta1',
  plural: 'servicel2statuses',
  kind: 'ServiceL2Status',
  isNamespaced: true
})

const reason = await skipReason(CONTROL_PLANE_PROGRAMS)

describe.skipIf(reason !== undefined)('in place of a MetalLB that was configured by a ConfigMap', () => {
  let fixture: ControlPlaneFixture
  let controller: LabProcess
  const place = { args: ['--config=config'] }

  /** Name, addresses and version of each Service that MetalLB had. */
  const oldServices = async (): Promise<readonly (readonly unknown[])[]> => {
    const services = await Promise.all(OLD.map(async ([name]) => fixture.service(name)))
    return services.map(({ metadata, status }) => [
      metadata?.name,
      (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip),
      metadata?.resourceVersion
    ])
  }
  const createOld = async ([name, ip, annotations, port]: (typeof OLD)[number]): Promise<void> => {
    await fixture.createService(name, { annotations, spec: { ports: [{ port }] } })
    const service: V1Service = await fixture.service(name)
    const client = await fixture.client()
    await client.updateStatus(SERVICES, { ...service, status: { loadBalancer: { ingress: [{ ip }] } } })
  }

  beforeAll(async () => {
    fixture = await ControlPlaneFixture.start()
    await fixture.prepare()
    await applyManifest(fixture.controlPlane.connection, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'config', namespace: CLARION_NAMESPACE },
      ...{ data: { config: CONFIG } }
    })
    for (const old of OLD) await createOld(old)
    await fixture.api.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.1.10'], conditions: { ready: true }, nodeName: NODE }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }]
    })
  })
  afterAll(async () => fixture?.stop())

  test('every Service keeps its address, and a new one gets one that is free', async () => {
    controller = await fixture.clarion.startController(place)
    await fixture.createService('new')
    expect(await fixture.addressesOf('new')).toEqual(['192.0.2.11'])
    const kept = (await oldServices()).map(([name, addresses]) => [name, addresses])
    expect(kept).toEqual(OLD.map(([name, ip]) => [name, [ip]]))
  })

  test('no Service is written again when the controller starts again', async () => {
    await until('each has the annotation of its pool', async () => {
      const services = await Promise.all(OLD.map(async ([name]) => fixture.service(name)))
      return services.every(({ metadata }) => metadata?.annotations?.[POOL_ANNOTATION] !== undefined)
        ? true
        : undefined
    })
    const before = await oldServices()
    await controller.stop()
    controller = await fixture.clarion.startController(place)
    await fixture.createService('newer')
    await fixture.addressesOf('newer')
    expect(await oldServices()).toEqual(before)
  })

  test('a speaker announces by it', async () => {
    await fixture.clarion.startSpeaker(NODE, place)
    const client = await fixture.client()
    const announced = await until('the report is there', async () => {
      const { items } = await client.list(L2_STATUSES)
      return items.find(({ status }) => status?.serviceName === 'web')
    })
    expect(announced).toBeDefined()
  })
})
