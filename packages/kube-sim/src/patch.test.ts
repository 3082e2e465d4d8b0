import { expect, test } from 'vitest'
import { CONFIG_MAPS, configMap, message, PODS, pod, SERVICES, service } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { objectAt, valueAt } from './json.ts'

test('a JSON patch adds, replaces, moves, copies and removes', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a', { x: '1', y: '2' }, { annotations: { 'a.test/b': '1' } }))
  const { body } = await client.patch(`${CONFIG_MAPS}/a`, 'json', [
    { op: 'test', path: '/data/x', value: '1' },
    { op: 'replace', path: '/data/x', value: '9' },
    { op: 'copy', from: '/data/x', path: '/data/copy' },
    { op: 'move', from: '/data/y', path: '/data/moved' },
    { op: 'add', path: '/metadata/annotations/a.test~1b', value: '2' },
    { op: 'add', path: '/metadata/labels', value: { a: 'b' } }
  ])
  expect(body).toMatchObject({
    data: { x: '9', copy: '9', moved: '2' },
    metadata: { labels: { a: 'b' }, annotations: { 'a.test/b': '2' } }
  })
  expect(valueAt(body, 'data', 'y')).toBeUndefined()
})

test('a JSON patch whose test fails changes nothing', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a', { x: '1' }))
  const answer = await client.patch(`${CONFIG_MAPS}/a`, 'json', [
    { op: 'replace', path: '/data/x', value: '2' },
    { op: 'test', path: '/data/x', value: '3' }
  ])
  expect(answer.status).toBe(422)
  expect((await client.get(`${CONFIG_MAPS}/a`)).body).toMatchObject({ data: { x: '1' } })
})

test('a merge patch merges objects, replaces lists, and removes what is null', async () => {
  const { client } = await startSim()
  await client.post(
    SERVICES,
    service('a', { selector: { app: 'web', tier: 'x' }, ports: [{ name: 'http', port: 80 }] })
  )
  const { body } = await client.patch(`${SERVICES}/a`, 'merge', {
    spec: { selector: { tier: null, zone: 'east' }, ports: [{ name: 'https', port: 443 }] }
  })
  expect(objectAt(body, 'spec')).toMatchObject({
    selector: { app: 'web', zone: 'east' },
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 443 }]
  })
  expect(valueAt(body, 'spec', 'selector', 'tier')).toBeUndefined()
})

test('a patch with a resourceVersion of the past is refused', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  const late = await client.patch(`${CONFIG_MAPS}/a`, 'merge', {
    metadata: { resourceVersion: '1' },
    data: { x: '1' }
  })
  expect(late).toMatchObject({ status: 409, body: { reason: 'Conflict' } })
})

test('a strategic merge patch merges lists by their keys', async () => {
  const { client } = await startSim()
  await client.post(
    SERVICES,
    service('a', {
      ports: [
        { name: 'http', port: 80 },
        { name: 'dns', port: 53 }
      ]
    })
  )
  const { body } = await client.patch(`${SERVICES}/a`, 'strategic-merge', {
    spec: {
      ports: [
        { port: 80, targetPort: 8080 },
        { port: 443, name: 'https' }
      ]
    }
  })
  expect(valueAt(body, 'spec', 'ports')).toMatchObject([
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'dns', port: 53 },
    { name: 'https', port: 443 }
  ])
})

test('a strategic merge patch removes items with $patch: delete and replaces with $patch: replace', async () => {
  const { client } = await startSim()
  const containers = [
    { name: 'a', image: 'x' },
    { name: 'b', image: 'y' }
  ]
  await client.post(PODS, { ...pod('p'), spec: { containers, nodeSelector: { disk: 'ssd' } } })
  const removed = await client.patch(`${PODS}/p`, 'strategic-merge', {
    spec: { containers: [{ name: 'a', $patch: 'delete' }] }
  })
  expect(valueAt(removed.body, 'spec', 'containers')).toEqual([{ name: 'b', image: 'y' }])
  const replaced = await client.patch(`${PODS}/p`, 'strategic-merge', {
    spec: { containers: [{ $patch: 'replace' }, { name: 'c', image: 'z' }] }
  })
  expect(valueAt(replaced.body, 'spec', 'containers')).toEqual([{ name: 'c', image: 'z' }])
})

test('a patch of an object that is not there is answered with 404, of another format with 415', async () => {
  const { client } = await startSim()
  expect((await client.patch(`${CONFIG_MAPS}/a`, 'merge', {})).status).toBe(404)
  await client.post(CONFIG_MAPS, configMap('a'))
  const answer = await client.send('PATCH', `${CONFIG_MAPS}/a`, { body: {}, contentType: 'text/plain' })
  expect(answer.status).toBe(415)
  expect(message(answer.body)).toContain('application/merge-patch+json')
})
