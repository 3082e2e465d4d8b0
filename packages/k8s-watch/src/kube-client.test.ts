import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { afterwards, SimBench } from '../test/sim-bench.ts'
import { KubeClient } from './kube-client.ts'
import { parseKubeContext } from './kube-config.ts'
import { type WatchEvent } from './kube-request.ts'
import { CONFIG_MAPS, NODES, SERVICES } from './resource.ts'
import { type V1ConfigMap } from './types.ts'

const KEY = { namespace: 'default', name: 'web' } as const

function configMap(value: string): V1ConfigMap {
  return { metadata: { ...KEY }, data: { value } }
}

describe('KubeClient', () => {
  test('creates, reads, replaces, patches and deletes', async () => {
    const client = await (await SimBench.start()).client()
    const created = await client.create(CONFIG_MAPS, configMap('1'))
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { value: '1' } })
    const updated = await client.update(CONFIG_MAPS, { ...created, data: { value: '2' } })
    const patched = await client.patch(CONFIG_MAPS, KEY, { type: 'merge', body: { data: { more: 'x' } } })
    expect(patched.data).toEqual({ value: '2', more: 'x' })
    expect(patched.metadata?.resourceVersion).not.toBe(updated.metadata?.resourceVersion)
    expect(await client.get(CONFIG_MAPS, KEY)).toEqual(patched)
    await client.delete(CONFIG_MAPS, KEY)
    expect(await client.find(CONFIG_MAPS, KEY)).toBeUndefined()
  })

  test('applies what a manager wants to own: makes it, keeps the rest, and takes fields only by force', async () => {
    const client = await (await SimBench.start()).client()
    const ours = { fieldManager: 'ours' }
    const made = await client.apply(CONFIG_MAPS, configMap('1'), ours)
    expect(made).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { value: '1' } })
    await client.apply(CONFIG_MAPS, { metadata: KEY, data: { more: 'x' } }, { fieldManager: 'others' })
    await expect(client.apply(CONFIG_MAPS, configMap('2'), { fieldManager: 'others' })).rejects.toMatchObject(
      {
        status: 409
      }
    )
    expect((await client.get(CONFIG_MAPS, KEY)).data).toEqual({ value: '1', more: 'x' })
    await client.apply(CONFIG_MAPS, configMap('2'), { fieldManager: 'others', force: true })
    expect((await client.get(CONFIG_MAPS, KEY)).data).toEqual({ value: '2' })
  })

  test('writes the status alone, and objects without a namespace', async () => {
    const client = await (await SimBench.start()).client()
    const node = await client.create(NODES, { metadata: { name: 'n1' } })
    const written = await client.updateStatus(NODES, {
      ...node,
      metadata: { ...node.metadata, labels: { ignored: 'yes' } },
      status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] }
    })
    expect(written.status?.addresses?.[0]?.address).toBe('192.0.2.1')
    const read = await client.get(NODES, { namespace: '', name: 'n1' })
    expect(read.status).toEqual(written.status)
  })

  test('lists of one namespace, of all, by label, and page by page; items know their kind', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    for (const name of ['a', 'b', 'c']) bench.put(name, '1', { first: String(name === 'a') })
    await client.create(CONFIG_MAPS, { metadata: { namespace: 'kube-system', name: 'd' } })
    const first = await client.list(CONFIG_MAPS, { limit: 2 })
    const second = await client.list(CONFIG_MAPS, { limit: 2, continue: first.continue })
    expect([first.items.length, second.items.length, second.continue]).toEqual([2, 2, undefined])
    expect((await client.list(CONFIG_MAPS, { namespace: 'default' })).items.length).toBe(3)
    const labelled = await client.list(CONFIG_MAPS, { labelSelector: 'first=true' })
    expect(labelled.items).toMatchObject([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }])
  })

  test('a refusal is a KubeApiError with what the server said', async () => {
    const client = await (await SimBench.start()).client()
    const created = await client.create(CONFIG_MAPS, configMap('1'))
    await client.update(CONFIG_MAPS, { ...created, data: { value: '2' } })
    await expect(client.update(CONFIG_MAPS, created)).rejects.toMatchObject({
      code: 'ERR_K8S_API',
      status: 409,
      reason: 'Conflict',
      subject: 'PUT configmaps default/web'
    })
    await expect(client.create(CONFIG_MAPS, configMap('1'))).rejects.toMatchObject({
      status: 409,
      reason: 'AlreadyExists'
    })
    await expect(client.get(SERVICES, KEY)).rejects.toMatchObject({ status: 404, reason: 'NotFound' })
  })

  test('watches: ADDED, MODIFIED, DELETED in order, until the server ends it', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    const { resourceVersion } = await client.list(CONFIG_MAPS)
    const events: string[] = []
    await client
      .watch(CONFIG_MAPS, {
        resourceVersion,
        onOpen: () => {
          bench.put('a', '1')
          bench.put('a', '2')
          bench.remove('a')
        },
        onEvent: (event: WatchEvent<V1ConfigMap>) => {
          events.push(event.type)
          if (event.type === 'DELETED') void bench.sim.restart()
        }
      })
      .catch(() => events.push('end'))
    expect(events).toEqual(['ADDED', 'MODIFIED', 'DELETED', 'end'])
  })

  test('GET of any path gives text or JSON', async () => {
    const client = await (await SimBench.start()).client()
    expect(await client.getPath('/readyz')).toBe('ok')
    expect(await client.getPath('/version')).toMatchObject({ major: '1' })
  })
})

describe('KubeClient in trouble', () => {
  test.each([429, 503] as const)('%i with a time to wait is repeated, writes too', async (code) => {
    const bench = await SimBench.start()
    const client = await bench.client()
    bench.sim.faults.add({ action: { type: 'status', code, retryAfterSeconds: 0 }, times: 3 })
    await expect(client.create(CONFIG_MAPS, configMap('1'))).resolves.toMatchObject({ data: { value: '1' } })
  })

  test('it is repeated so often and no more, and never beyond the time for the request', async () => {
    const bench = await SimBench.start()
    const client = await bench.client({ maxRetries: 2 })
    const id = bench.sim.faults.add({ action: { type: 'status', code: 429, retryAfterSeconds: 0 } })
    await expect(client.get(CONFIG_MAPS, KEY)).rejects.toMatchObject({ status: 429 })
    expect(bench.sim.faults.list().find((fault) => fault.id === id)?.hits).toBe(3)
    bench.sim.faults.clear()
    bench.sim.faults.add({ action: { type: 'status', code: 429, retryAfterSeconds: 100 } })
    await expect(client.get(CONFIG_MAPS, KEY)).rejects.toMatchObject({ status: 429, retryAfterMs: 100_000 })
  })

  test('whoever gives up while it waits is told so', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    bench.sim.faults.add({ action: { type: 'status', code: 429, retryAfterSeconds: 20 } })
    const abort = new AbortController()
    const getting = client.get(CONFIG_MAPS, KEY, { signal: abort.signal })
    abort.abort()
    await expect(getting).rejects.toMatchObject({ code: 'ERR_K8S_TRANSPORT', reason: 'aborted' })
  })

  test('500 is not repeated: whether something was done is unknown', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    const id = bench.sim.faults.add({ action: { type: 'status', code: 500 } })
    await expect(client.get(CONFIG_MAPS, KEY)).rejects.toMatchObject({ status: 500 })
    expect(bench.sim.faults.list().find((fault) => fault.id === id)?.hits).toBe(1)
  })

  test('a lost answer, no answer and an unreachable server are told apart', async () => {
    const bench = await SimBench.start()
    const client = await bench.client({ timeoutMs: 200 })
    bench.sim.faults.add({ match: { verbs: ['create'] }, action: { type: 'loseAnswer' } })
    await expect(client.create(CONFIG_MAPS, configMap('1'))).rejects.toMatchObject({ reason: 'closed' })
    expect(bench.has('web')).toBe(true)
    bench.sim.faults.add({ match: { verbs: ['get'] }, action: { type: 'hang' } })
    await expect(client.get(CONFIG_MAPS, KEY)).rejects.toMatchObject({ reason: 'timeout' })
    await bench.sim.stop()
    await expect(client.get(CONFIG_MAPS, KEY)).rejects.toMatchObject({ reason: 'connect' })
  })

  test('an answer that is too long is not held', async () => {
    const bench = await SimBench.start()
    const client = await bench.client({ maxBodyBytes: 1000 })
    bench.put('web', 'x'.repeat(2000))
    await expect(client.get(CONFIG_MAPS, KEY)).rejects.toMatchObject({ reason: 'too-large' })
  })

  test.each([
    ['not JSON', 'surprise'],
    ['not an object', '[1]'],
    ['an object without a name', '{"metadata":{}}']
  ])('an answer that no API server sends is malformed: %s', async (_name, body) => {
    const client = await clientOfServer(body)
    await expect(client.get(CONFIG_MAPS, KEY)).rejects.toMatchObject({ reason: 'malformed' })
  })

  test('a server with a certificate of another authority is not talked to', async () => {
    const bench = await SimBench.start()
    const other = await SimBench.start()
    const text = other.sim.kubeconfig().replaceAll(other.sim.url, bench.sim.url)
    const client = new KubeClient(await parseKubeContext(text))
    afterwards(() => client.close())
    await expect(client.get(CONFIG_MAPS, KEY)).rejects.toMatchObject({ reason: 'connect' })
  })

  test('after the server came back, kept connections are replaced without a failure', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    bench.put('web', '1')
    await client.get(CONFIG_MAPS, KEY)
    await bench.sim.restart()
    await expect(client.get(CONFIG_MAPS, KEY)).resolves.toMatchObject({ data: { value: '1' } })
  })
})

/** A client of a server that answers every request with the same text. */
async function clientOfServer(body: string): Promise<KubeClient> {
  const server = createServer((_request, response) => void response.end(body))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterwards(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const cluster = { name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: false }
  const client = new KubeClient({ cluster, user: { name: 'u' }, namespace: undefined })
  afterwards(() => client.close())
  return client
}
