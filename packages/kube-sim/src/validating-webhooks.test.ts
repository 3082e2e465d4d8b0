import { once } from 'node:events'
import { createServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Client } from '../test/client.ts'
import { CONFIG_MAPS, CRDS, configMap, crd, GATES, gate, message, version } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { createCertificateAuthority, createServerCertificate } from './certificates.ts'
import { type Json, type JsonObject, numberAt, objectAt, parseJson, stringAt } from './json.ts'

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
const HOST = 'hook.default.svc'

interface Hook {
  readonly client: Client
  /** What it was asked, in order. */
  readonly asked: Json[]
}

/** A cluster with a webhook that answers as told. */
async function startHook(
  webhook: JsonObject,
  answer: (request: Json) => JsonObject = () => ({ allowed: true })
): Promise<Hook> {
  const { client } = await startSim()
  const authority = await createCertificateAuthority(Date.now())
  const { certificate: cert, privateKey: key } = await createServerCertificate(authority, [HOST], Date.now())
  const asked: Json[] = []
  const server = createServer({ cert, key }, (request, response) => {
    void text(request).then((body) => {
      const review = objectAt(parseJson(body), 'request') ?? {}
      asked.push(review)
      const said = { uid: stringAt(review, 'uid') ?? '', ...answer(review) }
      response.end(
        JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: said })
      )
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const port = numberAt(JSON.parse(JSON.stringify(server.address())), 'port') ?? 0
  await client.post('/api/v1/namespaces/default/services', {
    metadata: { name: 'hook' },
    spec: { ports: [{ port: 443 }] }
  })
  await client.post('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    metadata: { name: 'hook', labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    ports: [{ port }],
    endpoints: [{ addresses: ['127.0.0.1'] }]
  })
  await client.post(CONFIGURATIONS, {
    metadata: { name: 'hooks' },
    webhooks: [
      {
        name: 'hook.example.test',
        clientConfig: {
          service: { name: 'hook', namespace: 'default', path: '/review' },
          caBundle: Buffer.from(authority.certificate).toString('base64')
        },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        ...webhook
      }
    ]
  })
  return { client, asked }
}

const rule = (...operations: readonly string[]): JsonObject => ({
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations, resources: ['configmaps'] }]
})
const OF_A = `${CONFIG_MAPS}/a`

describe('a webhook', () => {
  test('is asked about what would be written, with what is there', async () => {
    const { client, asked } = await startHook(rule('CREATE', 'UPDATE', 'DELETE'))
    await client.post(CONFIG_MAPS, configMap('a', { x: '1' }))
    await client.patch(OF_A, 'merge', { data: { y: '2' } })
    await client.apply(`${CONFIG_MAPS}/b?fieldManager=m`, {
      ...configMap('b'),
      apiVersion: 'v1',
      kind: 'ConfigMap'
    })
    await client.delete(OF_A)
    expect(asked).toMatchObject([
      { operation: 'CREATE', name: 'a', namespace: 'default', object: { data: { x: '1' } }, oldObject: null },
      { operation: 'UPDATE', object: { data: { x: '1', y: '2' } }, oldObject: { data: { x: '1' } } },
      { operation: 'CREATE', name: 'b', kind: { version: 'v1', kind: 'ConfigMap' } },
      { operation: 'DELETE', name: 'a', object: null, oldObject: { data: { x: '1', y: '2' } } }
    ])
    expect((await client.get(OF_A)).status).toBe(404)
  })

  test('can deny it, and nothing is written', async () => {
    const { client } = await startHook(rule('*', 'CREATE'), () => ({
      allowed: false,
      status: { message: 'no' }
    }))
    const { status, body } = await client.post(CONFIG_MAPS, configMap('a'))
    expect([status, message(body)]).toEqual([
      403,
      'admission webhook "hook.example.test" denied the request: no'
    ])
    expect((await client.get(OF_A)).status).toBe(404)
  })

  test('can warn of it', async () => {
    const { client } = await startHook(rule('CREATE'), () => ({ allowed: true, warnings: ['beware'] }))
    const { status, headers } = await client.post(CONFIG_MAPS, configMap('a'))
    expect([status, headers['warning']]).toEqual([201, '299 - "beware"'])
  })

  test('is not asked about what its rules do not name, nor about reading, nor about what fails anyway', async () => {
    const { client, asked } = await startHook(rule('UPDATE'))
    await client.post(CONFIG_MAPS, configMap('a'))
    await client.get(CONFIG_MAPS)
    expect((await client.patch(`${CONFIG_MAPS}/none`, 'merge', {})).status).toBe(404)
    expect(asked).toEqual([])
  })

  test('is told of a dry run', async () => {
    const { client, asked } = await startHook(rule('CREATE'))
    await client.post(`${CONFIG_MAPS}?dryRun=All`, configMap('a'))
    expect(asked).toMatchObject([{ dryRun: true }])
  })
})

test.each([
  ['Fail', 500],
  ['Ignore', 201]
])('one that cannot be called, with failurePolicy %s: %i', async (failurePolicy, wanted) => {
  const service = { name: 'gone', namespace: 'default' }
  const { client } = await startHook({ ...rule('CREATE'), failurePolicy, clientConfig: { service } })
  const { status, body } = await client.post(CONFIG_MAPS, configMap('a'))
  expect(status).toBe(wanted)
  if (wanted === 500) expect(message(body)).toContain('failed calling webhook "hook.example.test"')
})

test('an answer that is none is a failure', async () => {
  const { client } = await startHook(rule('CREATE'), () => ({ uid: 'other', allowed: true }))
  expect((await client.post(CONFIG_MAPS, configMap('a'))).status).toBe(500)
})

test.each([
  ['Equivalent', ['v1']],
  ['Exact', []]
])('a rule for another version of a resource, with matchPolicy %s', async (matchPolicy, versions) => {
  const { client, asked } = await startHook({
    matchPolicy,
    rules: [
      { apiGroups: ['example.test'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['gates'] }
    ]
  })
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const
  const [first, second] = [version('v1', open, { storage: true }), version('v1beta1', open)]
  await client.post(CRDS, crd(open, { versions: [first, second] }))
  const { status } = await client.post(GATES.replace('/v1/', '/v1beta1/'), {
    ...gate('g'),
    apiVersion: 'example.test/v1beta1'
  })
  expect(status).toBe(201)
  expect(asked.map((request) => stringAt(request, 'kind', 'version'))).toEqual(versions)
  const apiVersions = asked.map((request) => stringAt(request, 'object', 'apiVersion'))
  expect(apiVersions).toEqual(versions.map((it) => `example.test/${it}`))
})
