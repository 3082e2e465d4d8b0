import { expect, test } from 'vitest'
import { type Client } from '../test/client.ts'
import { CONFIG_MAPS, configMap, PODS, pod, versionOf } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { arrayAt, type Json, numberAt, stringAt } from './json.ts'

function names(list: Json): readonly (string | undefined)[] {
  return arrayAt(list, 'items').map((item) => stringAt(item, 'metadata', 'name'))
}

async function createMaps(client: Client, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await client.post(CONFIG_MAPS, configMap(`m${index}`))
}

test('a list comes in pages from one moment, whatever is written in between', async () => {
  const { client } = await startSim()
  await createMaps(client, 5)
  const first = await client.get(`${CONFIG_MAPS}?limit=2`)
  expect(names(first.body)).toEqual(['m0', 'm1'])
  expect(numberAt(first.body, 'metadata', 'remainingItemCount')).toBe(3)
  await client.delete(`${CONFIG_MAPS}/m2`)
  await client.post(CONFIG_MAPS, configMap('m9'))
  const second = await client.get(
    `${CONFIG_MAPS}?limit=2&continue=${stringAt(first.body, 'metadata', 'continue')}`
  )
  expect(names(second.body)).toEqual(['m2', 'm3'])
  const third = await client.get(
    `${CONFIG_MAPS}?limit=2&continue=${stringAt(second.body, 'metadata', 'continue')}`
  )
  expect(names(third.body)).toEqual(['m4'])
  expect(stringAt(third.body, 'metadata', 'continue')).toBeUndefined()
  expect(new Set([first, second, third].map(({ body }) => versionOf(body))).size).toBe(1)
})

test('a continue token is answered with 410 after compaction, and with 400 when it is none', async () => {
  const { client, sim } = await startSim()
  await createMaps(client, 3)
  const token = stringAt((await client.get(`${CONFIG_MAPS}?limit=1`)).body, 'metadata', 'continue')
  sim.faults.compact()
  expect(await client.get(`${CONFIG_MAPS}?limit=1&continue=${token}`)).toMatchObject({
    status: 410,
    body: { reason: 'Expired' }
  })
  expect((await client.get(`${CONFIG_MAPS}?limit=1&continue=nonsense`)).status).toBe(400)
})

test('a list from the future is refused until the future is there', async () => {
  const { client } = await startSim()
  const current = Number(versionOf((await client.get(CONFIG_MAPS)).body))
  const early = await client.get(
    `${CONFIG_MAPS}?resourceVersion=${current + 1}&resourceVersionMatch=NotOlderThan`
  )
  expect(early).toMatchObject({
    status: 504,
    headers: { 'retry-after': '1' },
    body: { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }
  })
  await createMaps(client, 1)
  expect((await client.get(`${CONFIG_MAPS}?resourceVersion=${current + 1}`)).status).toBe(200)
})

test('resourceVersion 0 and one of the past are answered with the present', async () => {
  const { client } = await startSim()
  await createMaps(client, 2)
  expect(names((await client.get(`${CONFIG_MAPS}?resourceVersion=0`)).body)).toEqual(['m0', 'm1'])
  expect(names((await client.get(`${CONFIG_MAPS}?resourceVersion=1`)).body)).toEqual(['m0', 'm1'])
  expect((await client.get(`${CONFIG_MAPS}?resourceVersion=1&resourceVersionMatch=Exact`)).status).toBe(410)
  expect((await client.get(`${CONFIG_MAPS}?resourceVersion=x`)).status).toBe(400)
})

test.each([
  ['tier=web', ['a', 'b']],
  ['tier!=web', ['c', 'd']],
  ['tier', ['a', 'b', 'c']],
  ['!tier', ['d']],
  ['tier in (data, other)', ['c']],
  ['tier notin (web)', ['c', 'd']],
  ['tier=web,zone=east', ['b']],
  ['size>5', ['b']],
  ['size<5', ['a']]
])('the label selector %s', async (selector, expected) => {
  const { client } = await startSim()
  const labels: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    a: { tier: 'web', size: '3' },
    b: { tier: 'web', zone: 'east', size: '9' },
    c: { tier: 'data' },
    d: {}
  }
  for (const [name, own] of Object.entries(labels))
    await client.post(CONFIG_MAPS, configMap(name, {}, { labels: own }))
  expect(
    names((await client.get(`${CONFIG_MAPS}?labelSelector=${encodeURIComponent(selector)}`)).body)
  ).toEqual(expected)
})

test('field selectors know the name, the namespace, and what the kind declares', async () => {
  const { client } = await startSim()
  for (const [name, node] of [
    ['a', 'n1'],
    ['b', 'n2']
  ] as const) {
    await client.post(PODS, { ...pod(name), spec: { nodeName: node, containers: [] } })
  }
  const select = async (text: string): Promise<Json> =>
    (await client.get(`${PODS}?fieldSelector=${encodeURIComponent(text)}`)).body
  expect(names(await select('spec.nodeName=n2'))).toEqual(['b'])
  expect(names(await select('metadata.name!=b'))).toEqual(['a'])
  expect(names(await select('metadata.namespace=default,spec.nodeName=n1'))).toEqual(['a'])
  expect(await select('spec.colour=red')).toMatchObject({
    code: 400,
    message: 'field label not supported: spec.colour'
  })
})

test('selectors that make no sense are refused with 400', async () => {
  const { client } = await startSim()
  expect((await client.get(`${CONFIG_MAPS}?labelSelector=${encodeURIComponent('a b')}`)).status).toBe(400)
  expect((await client.get(`${CONFIG_MAPS}?fieldSelector=nothing`)).status).toBe(400)
})

test('a list over all namespaces has the objects of each', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  await client.post('/api/v1/namespaces/kube-system/configmaps', configMap('b'))
  expect(names((await client.get('/api/v1/configmaps')).body)).toEqual(['a', 'b'])
  expect(names((await client.get(CONFIG_MAPS)).body)).toEqual(['a'])
})
