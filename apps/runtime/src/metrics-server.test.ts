import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type PeerCertificate, TLSSocket } from 'node:tls'
import { Gauge, Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { freePort } from '../test/free-port.ts'
import { afterwards, TestCluster } from '../test/test-cluster.ts'
import { MetricsAccess } from './metrics-access.ts'
import { MetricsServer, type MetricsServerOptions } from './metrics-server.ts'
import { createSelfSigned } from './self-signed.ts'

interface Answer {
  readonly status: number | undefined
  readonly type: string | undefined
  readonly body: string
  readonly certificate: PeerCertificate | undefined
  readonly protocol: string | null | undefined
}

interface Bench {
  readonly cluster: TestCluster
  readonly problems: unknown[]
  readonly port: number
  readonly ask: (path: string, token?: string, tls?: object) => Promise<Answer>
}

async function serve(options: Partial<MetricsServerOptions> = {}): Promise<Bench> {
  const cluster = await TestCluster.start({ crds: [] })
  const registry = new Registry()
  new Gauge({ name: 'answer', help: 'of all', registers: [registry] }).set(42)
  const port = await freePort()
  const problems: unknown[] = []
  const server = new MetricsServer({
    port,
    registry,
    access: new MetricsAccess({ client: await cluster.client() }),
    tls: { minVersion: 'TLSv1.3' },
    certificateDirectory: '',
    onProblem: (error) => void problems.push(error),
    ...options
  })
  afterwards(() => server.stop())
  await server.start()
  return { cluster, problems, port, ask: (path, token, tls) => ask(port, path, token, tls) }
}

function ask(port: number, path: string, token?: string, tls: object = {}): Promise<Answer> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return new Promise((resolve, reject) => {
    const options = {
      host: 'localhost',
      port,
      path,
      headers,
      rejectUnauthorized: false,
      agent: false,
      ...tls
    }
    get(options, (response) => {
      const { socket } = response
      const isTls = socket instanceof TLSSocket
      const facts = {
        status: response.statusCode,
        type: response.headers['content-type'],
        certificate: isTls ? socket.getPeerCertificate() : undefined,
        protocol: isTls ? socket.getProtocol() : undefined
      }
      text(response).then((body) => resolve({ ...facts, body }), reject)
    }).on('error', reject)
  })
}

describe('who may read', () => {
  test('metrics are for those whom the API server lets', async () => {
    const { cluster, ask: request } = await serve()
    expect(await request('/metrics')).toMatchObject({ status: 401, body: 'a bearer token is needed\n' })
    expect(await request('/metrics', 'nonsense')).toMatchObject({ status: 401 })
    const answer = await request('/metrics?name=x', cluster.sim.createToken('prometheus'))
    expect(answer.status).toBe(200)
    expect(answer.type).toContain('text/plain')
    expect(answer.body).toContain('answer 42')
  })

  test('another path is not there, whoever asks', async () => {
    const { cluster, ask: request } = await serve()
    expect(await request('/', cluster.sim.token)).toMatchObject({ status: 404, body: '' })
    expect(cluster.requests).toEqual([])
  })

  test('while the API server fails the answer is 500, and the problem is told', async () => {
    const { cluster, problems, ask: request } = await serve()
    cluster.sim.faults.add({ action: { type: 'status', code: 500 } })
    expect(await request('/metrics', 'token')).toMatchObject({ status: 500, body: '' })
    expect(problems).toMatchObject([{ status: 500 }])
  })
})

describe('TLS', () => {
  test('without a directory the certificate is self-signed, valid now, and new for each process', async () => {
    const [one, two] = [await serve(), await serve()]
    const { certificate, protocol } = await one.ask('/')
    expect(protocol).toBe('TLSv1.3')
    expect(certificate?.subject).toEqual(certificate?.issuer)
    expect(certificate?.subjectaltname).toContain('DNS:localhost')
    expect(Date.parse(certificate?.valid_from ?? '')).toBeLessThan(Date.now())
    expect(Date.parse(certificate?.valid_to ?? '')).toBeGreaterThan(Date.now() + 365 * 24 * 3600 * 1000)
    expect((await two.ask('/')).certificate?.fingerprint256).not.toBe(certificate?.fingerprint256)
  })

  test('with a directory it is the one there', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clarion-'))
    afterwards(() => rm(directory, { recursive: true }))
    const { key, cert } = await createSelfSigned()
    await writeFile(join(directory, 'tls.key'), key)
    await writeFile(join(directory, 'tls.crt'), cert)
    const { ask: request } = await serve({ certificateDirectory: directory })
    const trusting = { rejectUnauthorized: true, ca: cert }
    expect(await request('/', undefined, trusting)).toMatchObject({ status: 404 })
  })

  test('a directory without certificate fails the start', async () => {
    await expect(serve({ certificateDirectory: '/nonexistent' })).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('a client below the lowest version is refused, one at it is served', async () => {
    const strict = await serve()
    await expect(strict.ask('/', undefined, { maxVersion: 'TLSv1.2' })).rejects.toThrow(
      'alert protocol version'
    )
    const lenient = await serve({ tls: { minVersion: 'TLSv1.2' } })
    const answer = await lenient.ask('/', undefined, { maxVersion: 'TLSv1.2' })
    expect(answer).toMatchObject({ status: 404, protocol: 'TLSv1.2' })
  })

  test('plain HTTP is not served', async () => {
    const { port } = await serve()
    await expect(fetch(`http://localhost:${port}/metrics`)).rejects.toThrow('fetch failed')
  })
})

test('port 0 is no server', async () => {
  await expect(serve({ port: 0, certificateDirectory: '/nonexistent' })).resolves.toBeDefined()
})
