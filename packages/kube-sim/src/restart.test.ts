import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { Client } from '../test/client.ts'
import {
  CONFIG_MAPS,
  CRDS,
  configMap,
  crd,
  GATES,
  gate,
  SERVICES,
  service,
  versionOf
} from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { type Json, objectAt, parseJson, stringAt, valueAt } from './json.ts'

const MAIN = join(import.meta.dirname, 'main.ts')

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kube-sim-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test('a restart keeps objects, revisions, tokens, the port and the certificate authority', async () => {
  const { client, sim } = await startSim()
  const { body } = await client.post(CONFIG_MAPS, configMap('a'))
  const before = { url: sim.url, ca: sim.ca }
  await sim.restart()
  expect({ url: sim.url, ca: sim.ca }).toEqual(before)
  expect((await client.get(`${CONFIG_MAPS}/a`)).body).toEqual(body)
  const next = await client.post(CONFIG_MAPS, configMap('b'))
  expect(Number(versionOf(next.body))).toBeGreaterThan(Number(versionOf(body)))
})

test('a restart ends watches, and has no history to resume from', async () => {
  const { client, sim } = await startSim()
  const first = versionOf((await client.post(CONFIG_MAPS, configMap('a'))).body)
  await client.post(CONFIG_MAPS, configMap('b'))
  const watch = await client.watch(`${CONFIG_MAPS}?watch=true`)
  expect(await watch.take(2)).toEqual(['ADDED a', 'ADDED b'])
  await sim.restart()
  expect(await watch.rest()).toEqual([])
  expect((await client.get(`${CONFIG_MAPS}?watch=true&resourceVersion=${first}`)).body).toMatchObject({
    type: 'ERROR',
    object: { code: 410, reason: 'Expired' }
  })
})

test('nothing answers while the server is down', async () => {
  const { client, sim } = await startSim()
  let refusal = ''
  await sim.restart({
    whileDown: async () => {
      refusal = await client.get(CONFIG_MAPS).then(
        () => 'answered',
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'closed')
      )
    }
  })
  expect(refusal).toMatch(/^(ECONNREFUSED|ECONNRESET|closed)$/)
  expect((await client.get(CONFIG_MAPS)).status).toBe(200)
})

test('a restart that loses the data is a new cluster with the old name: revisions begin again', async () => {
  const { client, sim } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  await client.post(CRDS, crd({ type: 'object' }))
  const before = Number(versionOf((await client.get(CONFIG_MAPS)).body))
  await sim.restart({ data: 'lose' })
  expect((await client.get(`${CONFIG_MAPS}/a`)).status).toBe(404)
  expect((await client.get('/api/v1/namespaces/default')).status).toBe(200)
  expect((await client.get(GATES)).status).toBe(404)
  expect(Number(versionOf((await client.get(CONFIG_MAPS)).body))).toBeLessThan(before)
})

test('a restart can go back to an earlier state', async () => {
  const { client, sim } = await startSim()
  const first = (await client.post(CONFIG_MAPS, configMap('a', { x: '1' }))).body
  const snapshot = sim.snapshot()
  await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '2' }))
  await client.post(CONFIG_MAPS, configMap('b'))
  await sim.restart({ data: snapshot })
  expect((await client.get(`${CONFIG_MAPS}/a`)).body).toEqual(first)
  expect((await client.get(`${CONFIG_MAPS}/b`)).status).toBe(404)
})

test('after a restart custom resources are served and addresses are known as taken', async () => {
  const { client, sim } = await startSim({ serviceCidrs: ['10.96.0.0/29'] })
  await client.post(CRDS, crd({ type: 'object' }))
  await client.post(GATES, gate('g'))
  const address = stringAt((await client.post(SERVICES, service('a'))).body, 'spec', 'clusterIP')
  await sim.restart()
  expect((await client.get(`${GATES}/g`)).status).toBe(200)
  const other = (await client.post(SERVICES, service('b', { clusterIP: address }))).body
  expect(stringAt(other, 'message')).toContain('provided IP is already allocated')
  await client.delete(`${SERVICES}/a`)
  expect((await client.post(SERVICES, service('b', { clusterIP: address }))).status).toBe(201)
})

test('a data file carries everything over to the next server', async () => {
  const dataFile = join(await temporaryDirectory(), 'data')
  const one = await startSim({ dataFile })
  await one.client.post(CRDS, crd({ type: 'object' }))
  const written = (await one.client.post(GATES, gate('g'))).body
  await one.client.post(CONFIG_MAPS, configMap('gone'))
  await one.client.delete(`${CONFIG_MAPS}/gone`)
  const { ca, token } = one.sim
  await one.sim.stop()
  const two = await startSim({ dataFile })
  expect({ ca: two.sim.ca, token: two.sim.token }).toEqual({ ca, token })
  expect((await two.client.get(`${GATES}/g`)).body).toEqual(written)
  expect((await two.client.get(`${CONFIG_MAPS}/gone`)).status).toBe(404)
  const next = await two.client.post(CONFIG_MAPS, configMap('next'))
  expect(Number(versionOf(next.body))).toBeGreaterThan(Number(versionOf(written)) + 2)
})

test('a half-written last line of a data file is ignored', async () => {
  const dataFile = join(await temporaryDirectory(), 'data')
  const one = await startSim({ dataFile })
  await one.client.post(CONFIG_MAPS, configMap('a'))
  await one.sim.stop()
  await writeFile(dataFile, `${await readFile(dataFile, 'utf8')}{"op":"put","resource":"/conf`)
  const two = await startSim({ dataFile })
  expect((await two.client.get(`${CONFIG_MAPS}/a`)).status).toBe(200)
})

test('a file of something else is refused and left alone', async () => {
  const dataFile = join(await temporaryDirectory(), 'data')
  await writeFile(dataFile, '{"some":"thing"}\n')
  await expect(startSim({ dataFile })).rejects.toThrow('not a data file')
  expect(await readFile(dataFile, 'utf8')).toBe('{"some":"thing"}\n')
})

interface Process {
  readonly client: Client
  readonly kill: () => Promise<void>
}

async function startProcess(directory: string): Promise<Process> {
  const kubeconfig = join(directory, 'kubeconfig')
  const child = spawn(
    process.execPath,
    ['--conditions=@clarion-lb/source', MAIN, '--data', join(directory, 'data'), '--kubeconfig', kubeconfig],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  expect(parseJson(String(value))).toMatchObject({ ready: true, pid: child.pid })
  const config = parse(await readFile(kubeconfig, 'utf8')) as Json
  const cluster = objectAt(config, 'clusters', 0, 'cluster')
  const client = new Client({
    url: stringAt(cluster, 'server') ?? '',
    ca: Buffer.from(stringAt(cluster, 'certificate-authority-data') ?? '', 'base64').toString(),
    token: stringAt(config, 'users', 0, 'user', 'token') ?? ''
  })
  onTestFinished(() => client.close())
  return { client, kill }
}

test('what was answered before kill -9 is there afterwards', async () => {
  const directory = await temporaryDirectory()
  const one = await startProcess(directory)
  const answered: string[] = []
  const writing = (async () => {
    for (let index = 0; ; index++) {
      const { status } = await one.client.post(CONFIG_MAPS, configMap(`m${index}`))
      if (status === 201) answered.push(`m${index}`)
      if (answered.length === 50) void one.kill()
    }
  })()
  await expect(writing).rejects.toThrow(/ECONNRESET|ECONNREFUSED|hang up|aborted/)
  expect(answered.length).toBeGreaterThanOrEqual(50)
  const two = await startProcess(directory)
  for (const name of answered) expect((await two.client.get(`${CONFIG_MAPS}/${name}`)).status).toBe(200)
  const { body } = await two.client.get('/version')
  expect(valueAt(body, 'major')).toBe('1')
}, 20_000)
