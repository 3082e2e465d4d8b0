import { expect, test } from 'vitest'
import { type Answer, type Client } from '../test/client.ts'
import { message, SERVICES, service } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { type JsonObject, numberAt, objectAt, stringAt, stringsAt, valueAt } from './json.ts'

async function spec(answer: Promise<Answer>): Promise<JsonObject> {
  const { body } = await answer
  return objectAt(body, 'spec') ?? { refused: message(body) }
}

function create(client: Client, name: string, given: JsonObject = {}): Promise<Answer> {
  return client.post(SERVICES, service(name, given))
}

function change(client: Client, name: string, given: JsonObject): Promise<Answer> {
  return client.patch(`${SERVICES}/${name}`, 'merge', { spec: given })
}

test('a Service has what its client left out', async () => {
  const { client } = await startSim()
  const { body } = await create(client, 'a', { selector: { app: 'web' } })
  expect(objectAt(body, 'spec')).toEqual({
    type: 'ClusterIP',
    selector: { app: 'web' },
    ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
    clusterIP: '10.96.0.2',
    clusterIPs: ['10.96.0.2'],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    internalTrafficPolicy: 'Cluster',
    sessionAffinity: 'None'
  })
  expect(valueAt(body, 'status')).toEqual({ loadBalancer: {} })
})

test('a load balancer has node ports and a policy for traffic from outside', async () => {
  const { client } = await startSim({ nodePortRange: [30_100, 30_199] })
  expect(await spec(create(client, 'a', { type: 'LoadBalancer' }))).toMatchObject({
    allocateLoadBalancerNodePorts: true,
    externalTrafficPolicy: 'Cluster',
    ports: [{ port: 80, nodePort: 30_100 }]
  })
})

test('session affinity by client address lasts three hours unless told otherwise', async () => {
  const { client } = await startSim()
  const given = await spec(create(client, 'a', { sessionAffinity: 'ClientIP' }))
  expect(given['sessionAffinityConfig']).toEqual({ clientIP: { timeoutSeconds: 10_800 } })
  const back = await spec(change(client, 'a', { sessionAffinity: 'None' }))
  expect(back['sessionAffinityConfig']).toBeUndefined()
})

test.each<[string, JsonObject, readonly string[], readonly string[], string]>([
  ['one family by default', {}, ['IPv4'], ['10.96.0.2'], 'SingleStack'],
  ['the family that is asked for', { ipFamilies: ['IPv6'] }, ['IPv6'], ['fd00:10:96::2'], 'SingleStack'],
  [
    'both if they are preferred',
    { ipFamilyPolicy: 'PreferDualStack' },
    ['IPv4', 'IPv6'],
    ['10.96.0.2', 'fd00:10:96::2'],
    'PreferDualStack'
  ],
  [
    'both if they are required, in the order that is asked for',
    { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] },
    ['IPv6', 'IPv4'],
    ['fd00:10:96::2', '10.96.0.2'],
    'RequireDualStack'
  ],
  [
    'the second one beside a given first one',
    { ipFamilyPolicy: 'PreferDualStack', clusterIP: 'fd00:10:96::77' },
    ['IPv6', 'IPv4'],
    ['fd00:10:96::77', '10.96.0.2'],
    'PreferDualStack'
  ],
  [
    'none for a headless one with a selector',
    { clusterIP: 'None', selector: { a: 'b' } },
    ['IPv4'],
    ['None'],
    'SingleStack'
  ],
  [
    'none and both families for a headless one without',
    { clusterIP: 'None' },
    ['IPv4', 'IPv6'],
    ['None'],
    'RequireDualStack'
  ]
])('cluster addresses: %s', async (_what, given, ipFamilies, clusterIPs, ipFamilyPolicy) => {
  const { client } = await startSim()
  expect(await spec(create(client, 'a', given))).toMatchObject({
    ipFamilies,
    clusterIPs,
    ipFamilyPolicy,
    clusterIP: clusterIPs[0]
  })
})

test('a cluster of one family prefers in vain and refuses what is required', async () => {
  const { client } = await startSim({ serviceCidrs: ['10.1.0.0/24'] })
  expect(await spec(create(client, 'a', { ipFamilyPolicy: 'PreferDualStack' }))).toMatchObject({
    ipFamilies: ['IPv4'],
    clusterIPs: ['10.1.0.2']
  })
  expect(message((await create(client, 'b', { ipFamilyPolicy: 'RequireDualStack' })).body)).toBe(
    'Service "b" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'
  )
  expect(message((await create(client, 'c', { ipFamilies: ['IPv6'] })).body)).toContain(
    'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'
  )
})

test('a second address comes and goes with the policy', async () => {
  const { client } = await startSim()
  await create(client, 'a')
  expect(await spec(change(client, 'a', { ipFamilyPolicy: 'RequireDualStack' }))).toMatchObject({
    clusterIPs: ['10.96.0.2', 'fd00:10:96::2'],
    ipFamilies: ['IPv4', 'IPv6']
  })
  expect(await spec(change(client, 'a', { ipFamilyPolicy: 'SingleStack' }))).toMatchObject({
    clusterIPs: ['10.96.0.2'],
    ipFamilies: ['IPv4']
  })
  expect(await spec(create(client, 'b', { clusterIP: 'fd00:10:96::2' }))).toMatchObject({
    clusterIP: 'fd00:10:96::2'
  })
})

test('an address is given once, and again when its Service is gone', async () => {
  const { client } = await startSim({ serviceCidrs: ['10.1.0.0/29'] })
  const addresses = new Set<string | undefined>()
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    addresses.add(stringAt((await create(client, name)).body, 'spec', 'clusterIP'))
  expect([...addresses].toSorted((left = '', right = '') => left.localeCompare(right))).toEqual([
    '10.1.0.2',
    '10.1.0.3',
    '10.1.0.4',
    '10.1.0.5',
    '10.1.0.6'
  ])
  expect(await create(client, 'f')).toMatchObject({
    status: 500,
    body: { message: 'failed to allocate a serviceIP: range is full' }
  })
  await client.delete(`${SERVICES}/c`)
  expect(await spec(create(client, 'f'))).toMatchObject({ clusterIP: '10.1.0.4' })
})

test('a refused or rehearsed Service takes nothing', async () => {
  const { client } = await startSim({ serviceCidrs: ['10.1.0.0/30'] })
  expect((await create(client, 'a', { sessionAffinity: 'Sometimes' })).status).toBe(422)
  expect((await client.post(`${SERVICES}?dryRun=All`, service('a'))).status).toBe(201)
  expect((await create(client, 'a')).status).toBe(201)
})

test('node ports are given once, shared by the protocols of one port, and given back', async () => {
  const { client } = await startSim({ nodePortRange: [30_000, 30_001] })
  const dns = [
    { name: 'udp', port: 53, protocol: 'UDP' },
    { name: 'tcp', port: 53 }
  ]
  expect(await spec(create(client, 'a', { type: 'NodePort', ports: dns }))).toMatchObject({
    ports: [{ nodePort: 30_000 }, { nodePort: 30_000 }]
  })
  expect(await spec(create(client, 'b', { type: 'NodePort' }))).toMatchObject({
    ports: [{ nodePort: 30_001 }]
  })
  expect(message((await create(client, 'c', { type: 'NodePort' })).body)).toBe(
    'failed to allocate a nodePort: range is full'
  )
  await client.delete(`${SERVICES}/a`)
  expect(await spec(create(client, 'c', { type: 'NodePort' }))).toMatchObject({
    ports: [{ nodePort: 30_000 }]
  })
})

test('a node port that is asked for must be in the range and free', async () => {
  const { client } = await startSim()
  const ask = (name: string, nodePort: number): Promise<Answer> =>
    create(client, name, { type: 'NodePort', ports: [{ port: 80, nodePort }] })
  expect(await spec(ask('a', 31_000))).toMatchObject({ ports: [{ nodePort: 31_000 }] })
  expect(message((await ask('b', 31_000)).body)).toBe(
    'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 31000: provided port is already allocated'
  )
  expect(message((await ask('b', 80)).body)).toContain(
    'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767'
  )
})

test('a load balancer without node ports has only those that it names', async () => {
  const { client } = await startSim()
  const ports = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81, nodePort: 30_500 }
  ]
  const given = await spec(
    create(client, 'a', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports })
  )
  expect([numberAt(given, 'ports', 0, 'nodePort'), numberAt(given, 'ports', 1, 'nodePort')]).toEqual([
    undefined,
    30_500
  ])
})

test('local traffic to a load balancer has a port for health checks, as long as it is local', async () => {
  const { client } = await startSim({ nodePortRange: [30_000, 30_001] })
  const local = await spec(create(client, 'a', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }))
  expect(local).toMatchObject({ healthCheckNodePort: 30_001, ports: [{ nodePort: 30_000 }] })
  expect(message((await change(client, 'a', { healthCheckNodePort: 30_007 })).body)).toContain(
    'spec.healthCheckNodePort: Invalid value: 30007: '
  )
  const cluster = await spec(change(client, 'a', { externalTrafficPolicy: 'Cluster' }))
  expect(cluster['healthCheckNodePort']).toBeUndefined()
  expect(await spec(create(client, 'b', { type: 'NodePort' }))).toMatchObject({
    ports: [{ nodePort: 30_001 }]
  })
})

test('the same manifest can be sent again: what was given stays', async () => {
  const { client } = await startSim()
  const manifest = service('a', {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    ipFamilyPolicy: 'PreferDualStack',
    ports: [{ name: 'x', port: 80 }]
  })
  const first = await client.post(SERVICES, manifest)
  expect((await client.put(`${SERVICES}/a`, manifest)).body).toEqual(first.body)
})

test('another type takes along what only the former had', async () => {
  const { client } = await startSim()
  await create(client, 'a', {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    loadBalancerClass: 'example.test/lb'
  })
  const inner = await spec(change(client, 'a', { type: 'ClusterIP' }))
  expect(Object.keys(inner).toSorted()).toEqual([
    'clusterIP',
    'clusterIPs',
    'internalTrafficPolicy',
    'ipFamilies',
    'ipFamilyPolicy',
    'ports',
    'sessionAffinity',
    'type'
  ])
  expect(valueAt(inner, 'ports', 0, 'nodePort')).toBeUndefined()
  const alias = await spec(change(client, 'a', { type: 'ExternalName', externalName: 'db.example.test' }))
  expect(Object.keys(alias).toSorted()).toEqual(['externalName', 'ports', 'sessionAffinity', 'type'])
  expect(
    stringsAt(await spec(change(client, 'a', { type: 'ClusterIP', externalName: null })), 'clusterIPs')
  ).toHaveLength(1)
})
