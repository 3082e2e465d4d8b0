import { expect, test } from 'vitest'
import { CONFIG_MAPS, configMap, versionOf } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { stringAt } from './json.ts'

const WATCH = `${CONFIG_MAPS}?watch=true`

test('a watch sends what is there, then every change in order', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  const watch = await client.watch(WATCH)
  expect(await watch.take(1)).toEqual(['ADDED a'])
  await client.post(CONFIG_MAPS, configMap('b'))
  await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '1' }))
  await client.delete(`${CONFIG_MAPS}/b`)
  expect(await watch.take(3)).toEqual(['ADDED b', 'MODIFIED a', 'DELETED b'])
})

test('a watch from a list misses nothing and repeats nothing', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  const version = versionOf((await client.get(CONFIG_MAPS)).body)
  await client.post(CONFIG_MAPS, configMap('b'))
  await client.delete(`${CONFIG_MAPS}/a`)
  const watch = await client.watch(`${WATCH}&resourceVersion=${version}`)
  expect(await watch.take(2)).toEqual(['ADDED b', 'DELETED a'])
})

test('a deletion carries the last state under the revision of the deletion', async () => {
  const { client } = await startSim()
  const { body } = await client.post(CONFIG_MAPS, configMap('a', { x: '1' }))
  const watch = await client.watch(`${WATCH}&resourceVersion=${versionOf(body)}`)
  await client.delete(`${CONFIG_MAPS}/a`)
  const event = await watch.next()
  expect(event).toMatchObject({ type: 'DELETED', object: { data: { x: '1' } } })
  expect(Number(versionOf(event?.object ?? {}))).toBeGreaterThan(Number(versionOf(body)))
})

test('a watch that resumes behind the compaction is told 410', async () => {
  const { client, sim } = await startSim()
  const version = versionOf((await client.post(CONFIG_MAPS, configMap('a'))).body)
  await client.post(CONFIG_MAPS, configMap('b'))
  sim.faults.compact()
  const answer = await client.get(`${WATCH}&resourceVersion=${version}`)
  expect(answer.body).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
  expect(stringAt(answer.body, 'object', 'message')).toMatch(/^too old resource version: /)
})

test('a watch resumes at the revision of the compaction itself', async () => {
  const { client, sim } = await startSim()
  const version = versionOf((await client.post(CONFIG_MAPS, configMap('a'))).body)
  sim.faults.compact()
  const watch = await client.watch(`${WATCH}&resourceVersion=${version}`)
  await client.post(CONFIG_MAPS, configMap('b'))
  expect(await watch.take(1)).toEqual(['ADDED b'])
})

test('more changes than the history holds end the possibility to resume', async () => {
  const { client } = await startSim({ historyLimit: 2 })
  const version = versionOf((await client.post(CONFIG_MAPS, configMap('a'))).body)
  for (let index = 0; index < 6; index++)
    await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: String(index) }))
  expect((await client.get(`${WATCH}&resourceVersion=${version}`)).body).toMatchObject({
    type: 'ERROR',
    object: { code: 410, reason: 'Expired' }
  })
})

test('bookmarks move a quiet watch forward, for those who want them', async () => {
  const { client } = await startSim({ bookmarkIntervalMs: 5 })
  const version = versionOf((await client.get(CONFIG_MAPS)).body)
  const watch = await client.watch(`${WATCH}&resourceVersion=${version}&allowWatchBookmarks=true`)
  const other = versionOf(
    (await client.post('/api/v1/namespaces/kube-system/configmaps', configMap('a'))).body
  )
  let bookmark = await watch.next()
  while (bookmark !== undefined && versionOf(bookmark.object) !== other) bookmark = await watch.next()
  expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1' } })
})

test('a watch without bookmarks gets none', async () => {
  const { client } = await startSim({ bookmarkIntervalMs: 1 })
  const quiet = await client.watch(WATCH)
  const wanting = await client.watch(`${WATCH}&allowWatchBookmarks=true`)
  for (let count = 0; count < 3; count++) expect((await wanting.next())?.type).toBe('BOOKMARK')
  await client.post(CONFIG_MAPS, configMap('a'))
  expect(await quiet.take(1)).toEqual(['ADDED a'])
})

test('sendInitialEvents marks the end of what is there', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  const watch = await client.watch(
    `${WATCH}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`
  )
  expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } })
  expect(await watch.next()).toMatchObject({
    type: 'BOOKMARK',
    object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } }
  })
})

test('an object that enters or leaves the selection is added or deleted', async () => {
  const { client } = await startSim()
  const watch = await client.watch(`${WATCH}&labelSelector=tier%3Dweb`)
  await client.post(CONFIG_MAPS, configMap('a', { x: '1' }))
  await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '2' }, { labels: { tier: 'web' } }))
  await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '3' }, { labels: { tier: 'web' } }))
  await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '4' }))
  const events = [await watch.next(), await watch.next(), await watch.next()]
  expect(events.map((event) => [event?.type, stringAt(event?.object, 'data', 'x')])).toEqual([
    ['ADDED', '2'],
    ['MODIFIED', '3'],
    ['DELETED', '3']
  ])
})

test('timeoutSeconds ends a watch', async () => {
  const { client } = await startSim()
  const watch = await client.watch(`${WATCH}&timeoutSeconds=1&allowWatchBookmarks=true`)
  expect(await watch.rest()).toEqual(['BOOKMARK'])
})

test('a watch of one object by name sees only that one', async () => {
  const { client } = await startSim()
  const watch = await client.watch(`${WATCH}&fieldSelector=metadata.name%3Db`)
  await client.post(CONFIG_MAPS, configMap('a'))
  await client.post(CONFIG_MAPS, configMap('b'))
  expect(await watch.take(1)).toEqual(['ADDED b'])
})

test('a reader that stops reading is caught up from the history', async () => {
  const { client } = await startSim()
  const watch = await client.watch(WATCH)
  watch.response.pause()
  const large = 'x'.repeat(100_000)
  const count = 60
  for (let index = 0; index < count; index++)
    await client.post(CONFIG_MAPS, configMap(`m${String(index).padStart(2, '0')}`, { large }))
  watch.response.resume()
  const seen = await watch.take(count)
  expect(seen).toEqual(
    Array.from({ length: count }, (_, index) => `ADDED m${String(index).padStart(2, '0')}`)
  )
})
