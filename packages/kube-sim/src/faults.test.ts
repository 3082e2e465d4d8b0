import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Answer, type Client } from '../test/client.ts'
import { CONFIG_MAPS, configMap, message, SERVICES } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { arrayAt, type JsonObject, stringAt } from './json.ts'

const FAULTS = '/kube-sim/faults'
const WATCH = `${CONFIG_MAPS}?watch=true`

function add(client: Client, rule: JsonObject): Promise<Answer> {
  return client.post(FAULTS, rule)
}

test.each([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [409, 'Conflict'],
  [410, 'Expired'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout']
])('a fault answers %i with the reason %s', async (code, reason) => {
  const { client } = await startSim()
  await add(client, { action: { type: 'status', code }, times: 1 })
  expect(await client.get(CONFIG_MAPS)).toMatchObject({
    status: code,
    body: { kind: 'Status', reason, code }
  })
  expect((await client.get(CONFIG_MAPS)).status).toBe(200)
})

test('429 says when to come back', async () => {
  const { client } = await startSim()
  await add(client, { action: { type: 'status', code: 429, retryAfterSeconds: 7 } })
  expect(await client.get(CONFIG_MAPS)).toMatchObject({
    status: 429,
    headers: { 'retry-after': '7' },
    body: { details: { retryAfterSeconds: 7 } }
  })
})

test('a fault meets only what it names', async () => {
  const { client } = await startSim()
  await add(client, {
    match: { verbs: ['create'], resource: 'configmaps', namespace: 'default' },
    action: { type: 'status', code: 500 }
  })
  expect((await client.get(CONFIG_MAPS)).status).toBe(200)
  expect((await client.post('/api/v1/namespaces/kube-system/configmaps', configMap('a'))).status).toBe(201)
  expect((await client.post(CONFIG_MAPS, configMap('a'))).status).toBe(500)
  expect((await client.get(`${CONFIG_MAPS}/a`)).status).toBe(404)
})

test('a fault meets a sub-resource, a name, a group or a user agent', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  const meets = async (match: JsonObject, path: string): Promise<boolean> => {
    const { body } = await add(client, { match, action: { type: 'status', code: 503 } })
    const { status } = await client.get(path)
    await client.delete(`${FAULTS}/${stringAt(body, 'id')}`)
    return status === 503
  }
  expect(await meets({ name: 'a' }, `${CONFIG_MAPS}/a`)).toBe(true)
  expect(await meets({ name: 'b' }, `${CONFIG_MAPS}/a`)).toBe(false)
  expect(await meets({ group: 'apps' }, '/apis/apps/v1/deployments')).toBe(true)
  expect(await meets({ group: 'apps' }, CONFIG_MAPS)).toBe(false)
  expect(await meets({ subresource: 'status' }, SERVICES)).toBe(false)
  expect(await meets({ userAgent: 'test/' }, CONFIG_MAPS)).toBe(true)
  expect(await meets({ userAgent: 'kubectl' }, CONFIG_MAPS)).toBe(false)
})

test('faults are listed with their hits, and removed one by one or all', async () => {
  const { client } = await startSim()
  const { body } = await add(client, {
    match: { verbs: ['list'] },
    action: { type: 'status', code: 500 },
    times: 5
  })
  await add(client, { match: { resource: 'pods' }, action: { type: 'reset' } })
  await client.get(CONFIG_MAPS)
  const listed = arrayAt((await client.get(FAULTS)).body, 'faults')
  expect(listed).toMatchObject([{ hits: 1, times: 5, action: { type: 'status', code: 500 } }, { hits: 0 }])
  await client.delete(`${FAULTS}/${stringAt(body, 'id')}`)
  expect((await client.get(CONFIG_MAPS)).status).toBe(200)
  await client.delete(FAULTS)
  expect(arrayAt((await client.get(FAULTS)).body, 'faults')).toEqual([])
  expect((await client.delete(`${FAULTS}/99`)).status).toBe(404)
})

test('a delayed request waits, and is then answered as if nothing had been', async () => {
  const { client, sim } = await startSim()
  await add(client, { action: { type: 'delay', ms: 1 }, times: 1 })
  expect((await client.get(CONFIG_MAPS)).status).toBe(200)
  await add(client, { match: { verbs: ['list'] }, action: { type: 'delay', ms: 3_600_000 } })
  const outcome = client.get(CONFIG_MAPS).then(
    () => 'answered',
    () => 'closed'
  )
  // The server has taken the request when the rule has met it.
  while (sim.faults.list()[1]?.hits === 0) await client.get('/readyz')
  await sim.stop()
  expect(await outcome).toBe('closed')
})

test('a lost answer has done what was asked', async () => {
  const { client } = await startSim()
  await add(client, { match: { verbs: ['create'] }, action: { type: 'loseAnswer' }, times: 1 })
  await expect(client.post(CONFIG_MAPS, configMap('a'))).rejects.toThrow(/socket hang up|ECONNRESET/)
  expect((await client.get(`${CONFIG_MAPS}/a`)).status).toBe(200)
})

test('a reset connection has done nothing', async () => {
  const { client } = await startSim()
  await add(client, { match: { verbs: ['create'] }, action: { type: 'reset' }, times: 1 })
  await expect(client.post(CONFIG_MAPS, configMap('a'))).rejects.toThrow(/socket hang up|ECONNRESET/)
  expect((await client.get(`${CONFIG_MAPS}/a`)).status).toBe(404)
})

test('a hanging request gets no answer before the server stops', async () => {
  const { client, sim } = await startSim()
  await add(client, { match: { verbs: ['list'] }, action: { type: 'hang' } })
  const hanging = client.get(CONFIG_MAPS)
  const outcome = hanging.then(
    () => 'answered',
    () => 'closed'
  )
  // The server has taken the request when the rule has met it.
  while (sim.faults.list()[0]?.hits === 0) await client.get('/readyz')
  await sim.stop()
  expect(await outcome).toBe('closed')
})

test('cut watches end without a farewell, and resume where they were', async () => {
  const { client } = await startSim()
  const { body } = await client.post(CONFIG_MAPS, configMap('a'))
  const watch = await client.watch(WATCH)
  expect(await watch.take(1)).toEqual(['ADDED a'])
  const other = await client.watch(`${SERVICES}?watch=true`)
  expect((await client.post(FAULTS, { do: 'cutWatches', match: { resource: 'configmaps' } })).body).toEqual({
    count: 1
  })
  expect(await watch.rest()).toEqual([])
  expect(watch.isCut).toBe(true)
  const resumed = await client.watch(
    `${WATCH}&resourceVersion=${stringAt(body, 'metadata', 'resourceVersion')}`
  )
  await client.post(CONFIG_MAPS, configMap('b'))
  expect(await resumed.take(1)).toEqual(['ADDED b'])
  expect(other.response.destroyed).toBe(false)
})

test('failed watches end with a 410 in the stream', async () => {
  const { client } = await startSim()
  const watch = await client.watch(WATCH)
  await client.post(CONFIG_MAPS, configMap('a'))
  expect(await watch.take(1)).toEqual(['ADDED a'])
  await client.post(FAULTS, { do: 'failWatches' })
  expect(await watch.rest()).toEqual(['ERROR 410'])
})

test('a 410 can meet a watch as it begins, as an answer or in the stream', async () => {
  const { client } = await startSim()
  await add(client, { match: { verbs: ['watch'] }, action: { type: 'status', code: 410 }, times: 1 })
  expect((await client.get(WATCH)).status).toBe(410)
  await add(client, {
    match: { verbs: ['watch'] },
    action: { type: 'status', code: 410, inStream: true },
    times: 1
  })
  const watch = await client.watch(WATCH)
  expect(watch.response.statusCode).toBe(200)
  expect(await watch.rest()).toEqual(['ERROR 410'])
})

test('a silenced watch stays open and says nothing more, as a half-open connection', async () => {
  const { client } = await startSim({ bookmarkIntervalMs: 1 })
  const silent = await client.watch(WATCH)
  await client.post(CONFIG_MAPS, configMap('a'))
  expect(await silent.take(1)).toEqual(['ADDED a'])
  await client.post(FAULTS, { do: 'silenceWatches' })
  const speaking = await client.watch(`${WATCH}&allowWatchBookmarks=true`)
  await client.post(CONFIG_MAPS, configMap('b'))
  let told = 'ADDED a'
  while (told !== 'ADDED b') told = (await speaking.take(1))[0] ?? ''
  expect(await Promise.race([silent.take(1), setImmediate('nothing')])).toBe('nothing')
  expect(silent.response.destroyed || silent.response.complete).toBe(false)
})

test('compaction through the door forgets the history', async () => {
  const { client } = await startSim()
  const { body } = await client.get(CONFIG_MAPS)
  await client.post(CONFIG_MAPS, configMap('a'))
  await client.post(FAULTS, { do: 'compact' })
  const version = stringAt(body, 'metadata', 'resourceVersion')
  const answer = await client.get(`${WATCH}&resourceVersion=${version}`)
  expect(answer.body).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
})

test('an expired token is refused until it is renewed, the door stays open', async () => {
  const { client } = await startSim()
  await client.post(FAULTS, { do: 'expireTokens' })
  expect((await client.get(CONFIG_MAPS)).status).toBe(401)
  expect((await client.post(FAULTS, { do: 'renewTokens' })).status).toBe(200)
  expect((await client.get(CONFIG_MAPS)).status).toBe(200)
})

test('a token made at the door lets its owner in until its time is over', async () => {
  let nowMs = Date.parse('2026-01-01T00:00:00Z')
  const { client } = await startSim({ now: () => nowMs })
  const { body } = await client.post('/kube-sim/tokens', {
    username: 'system:serviceaccount:a:b',
    ttlSeconds: 60
  })
  const headers = { Authorization: `Bearer ${stringAt(body, 'token')}` }
  expect((await client.get(CONFIG_MAPS, headers)).status).toBe(200)
  nowMs += 61_000
  expect((await client.get(CONFIG_MAPS, headers)).status).toBe(401)
})

test('the door opens for known tokens only and refuses what it does not know', async () => {
  const { client } = await startSim()
  expect((await client.get(FAULTS, { Authorization: 'Bearer x' })).status).toBe(401)
  expect((await client.post(FAULTS, { action: { type: 'explode' } })).status).toBe(400)
  expect((await client.post(FAULTS, { action: { type: 'status', code: 418 } })).status).toBe(400)
  expect((await client.post(FAULTS, { do: 'dance' })).status).toBe(400)
  const misspelt = await client.post(FAULTS, { match: { verbs: ['lsit'] }, action: { type: 'reset' } })
  expect([misspelt.status, message(misspelt.body)]).toEqual([400, 'not a verb: "lsit"'])
  expect((await client.get('/kube-sim/nothing')).status).toBe(404)
  expect((await client.get(FAULTS)).body).toEqual({ faults: [] })
})
