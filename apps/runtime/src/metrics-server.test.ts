import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type PeerCertificate, TLSSocket } from 'node:tls'
import { Gauge, Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { freePort } from '../test/free-port.ts'
import { afterwards, TestCluster } from '../test/test-cluster.ts'
import type { KeyPair } from './certificate-files.ts'
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
  /** What was told of certificates that were replaced. */
  readonly certificates: string[]
  readonly port: number
  readonly ask: (path: string, token?: string, tls?: object) => Promise<Answer>
}

async function serve(options: Partial<MetricsServerOptions> = {}): Promise<Bench> {
  const cluster = await TestCluster.start({ crds: [] })
  const registry = new Registry()
  new Gauge({ name: 'answer', help: 'of all', registers: [registry] }).set(42)
  const port = await freePort()
  const problems: unknown[] = []
  const certificates: string[] = []
  const server = new MetricsServer({
    port,
    registry,
    access: new MetricsAccess({ client: await cluster.client() }),
    tls: { minVersion: 'TLSv1.3' },
    certificateDirectory: '',
    certificateCheckMs: 0,
    onProblem: (error) => void problems.push(error),
    onCertificate: () => void certificates.push('taken up'),
    onBadCertificate: (error) => void certificates.push(String(error)),
    ...options
  })
  afterwards(() => server.stop())
  await server.start()
  return { cluster, problems, certificates, port, ask: (path, token, tls) => ask(port, path, token, tls) }
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

/** A directory as the kubelet makes it: names that lead through a link to the version of the Secret. */
async function mountSecret(): Promise<{
  readonly directory: string
  readonly cert: string
  readonly replace: (pair: KeyPair) => Promise<string>
}> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-'))
  afterwards(() => rm(directory, { recursive: true }))
  let versions = 0
  const replace = async ({ key, cert }: KeyPair): Promise<string> => {
    versions += 1
    const version = `..version-${versions}`
    await mkdir(join(directory, version))
    await writeFile(join(directory, version, 'tls.key'), key)
    await writeFile(join(directory, version, 'tls.crt'), cert)
    await symlink(version, join(directory, '..data_tmp'))
    await rename(join(directory, '..data_tmp'), join(directory, '..data'))
    return cert
  }
  const cert = await replace(await createSelfSigned())
  for (const name of ['tls.key', 'tls.crt']) await symlink(join('..data', name), join(directory, name))
  return { directory, cert, replace }
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
    const { directory, cert } = await mountSecret()
    const { ask: request, certificates } = await serve({ certificateDirectory: directory })
    const trusting = { rejectUnauthorized: true, ca: cert }
    expect(await request('/', undefined, trusting)).toMatchObject({ status: 404 })
    expect(certificates).toEqual([])
  })

  test('one that is replaced by a symbolic link is taken up by the next connection', async () => {
    const { directory, replace } = await mountSecret()
    const { ask: request, certificates } = await serve({ certificateDirectory: directory })
    await request('/')
    const ca = await replace(await createSelfSigned())
    const strict = { rejectUnauthorized: true, ca }
    expect(await request('/', undefined, strict)).toMatchObject({ status: 404, protocol: 'TLSv1.3' })
    await request('/')
    expect(certificates).toEqual(['taken up'])
    await expect(request('/', undefined, { maxVersion: 'TLSv1.2' })).rejects.toThrow('protocol version')
  })

  test.each([
    [
      'the key of another',
      async () => ({ ...(await createSelfSigned()), key: (await createSelfSigned()).key })
    ],
    ['an empty file', async () => ({ ...(await createSelfSigned()), cert: '' })]
  ])(
    'with %s the one before stays, which is told once; a good one after that counts',
    async (_what, broken) => {
      const { directory, cert, replace } = await mountSecret()
      const { ask: request, certificates } = await serve({ certificateDirectory: directory })
      await replace(await broken())
      const before = { rejectUnauthorized: true, ca: cert }
      for (const path of ['/a', '/b'])
        expect(await request(path, undefined, before)).toMatchObject({ status: 404 })
      expect(certificates).toHaveLength(1)
      const ca = await replace(await createSelfSigned())
      expect(await request('/', undefined, { rejectUnauthorized: true, ca })).toMatchObject({ status: 404 })
      expect(certificates.at(-1)).toBe('taken up')
    }
  )

  test('the directory is not looked at for each connection', async () => {
    const { directory, cert, replace } = await mountSecret()
    const { ask: request } = await serve({ certificateDirectory: directory, certificateCheckMs: 60_000 })
    await replace(await createSelfSigned())
    const before = { rejectUnauthorized: true, ca: cert }
    expect(await request('/', undefined, before)).toMatchObject({ status: 404 })
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
