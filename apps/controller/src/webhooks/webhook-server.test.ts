import { request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { type KeyPair, loadCertificateMaker } from '@clarion-lb/runtime'
import { afterwards, freePort } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { BadReviewError } from './json.ts'
import { type ReviewHandler, WebhookServer, type WebhookServerOptions } from './webhook-server.ts'

const HOST = 'metallb-webhook-service.metallb-system.svc'

async function makeCertificates(): Promise<{ readonly ca: string; readonly pair: KeyPair }> {
  const maker = await loadCertificateMaker()
  const validity = { nowMs: Date.now(), lifetimeMs: 3_600_000 }
  const authority = await maker.createAuthority({ ...validity, name: 'test' })
  return {
    ca: authority.cert,
    pair: await maker.issueServerCertificate(authority, { ...validity, hosts: [HOST] })
  }
}
const CERTIFICATES = makeCertificates()

interface Bench {
  readonly server: WebhookServer
  readonly port: number
  readonly problems: string[]
  /** Gives status and body. */
  readonly post: (body: string | Buffer, more?: Asked) => Promise<readonly [number | undefined, string]>
}

interface Asked {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly ca?: string
}

async function serve(
  handler: ReviewHandler = async (body) => ({ got: body }),
  limits: WebhookServerOptions['limits'] = {}
): Promise<Bench> {
  const { ca, pair } = await CERTIFICATES
  const port = await freePort()
  const problems: string[] = []
  const server = new WebhookServer({
    port,
    tls: { minVersion: 'TLSv1.3' },
    handlers: new Map([['/review', handler]]),
    onProblem: (path, error) => void problems.push(`${path} ${String(error)}`),
    limits
  })
  afterwards(() => server.stop())
  await server.use(pair)
  return { server, port, problems, post: (body, more) => post(port, body, { ca, ...more }) }
}

function post(
  port: number,
  body: string | Buffer,
  asked: Asked
): Promise<readonly [number | undefined, string]> {
  const { path = '/review', method = 'POST', headers = {}, ca } = asked
  return new Promise((resolve, reject) => {
    const options = {
      host: 'localhost',
      port,
      path,
      method,
      servername: HOST,
      agent: false,
      ...(ca === undefined ? {} : { ca }),
      headers: { 'content-type': 'application/json', ...headers }
    }
    const request = requestHttps(options, (response) => {
      text(response).then((answer) => resolve([response.statusCode, answer]), reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

describe('a request', () => {
  test('is answered, whatever is asked behind the path', async () => {
    const { post: ask } = await serve()
    expect(await ask('{"a":1}', { path: '/review?timeout=10s' })).toEqual([200, '{"got":{"a":1}}'])
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    expect(await ask('{"a":1}', { headers })).toEqual([200, '{"got":{"a":1}}'])
  })

  const DEEP = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  test.each<[string, string | Buffer, Asked, number]>([
    ['to another path', '{}', { path: '/other' }, 404],
    ['to a path like a field of objects', '{}', { path: '/__proto__' }, 404],
    ['that gets', '', { method: 'GET' }, 405],
    ['that is a form', 'a=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['without type', '{}', { headers: { 'content-type': '' } }, 415],
    ['that is empty', '', {}, 400],
    ['that is cut', '{"a":', {}, 400],
    ['that is no JSON', 'hello', {}, 400],
    ['that is bytes', Buffer.from([0, 255, 254, 1]), {}, 400],
    ['that says to be too large', '', { headers: { 'content-length': '99999999' } }, 413],
    ['that is too large', `"${'x'.repeat(70_000)}"`, { headers: { 'transfer-encoding': 'chunked' } }, 413]
  ])('%s is refused', async (_what, body, asked, status) => {
    const { post: ask, problems } = await serve(undefined, { maxBodyBytes: 65_536 })
    expect((await ask(body, asked))[0]).toBe(status)
    expect(problems).toEqual([])
    // And the next one is served.
    expect(await ask('{}')).toEqual([200, '{"got":{}}'])
  })

  test('that is nested without end is answered, and ends nothing', async () => {
    const { post: ask } = await serve(async (body) => ({ length: JSON.stringify(body).length }))
    expect([200, 500]).toContain((await ask(DEEP))[0])
    expect((await ask('{}'))[0]).toBe(200)
  })

  test('that is no review is refused; one that fails is told of', async () => {
    const { post: ask, problems } = await serve(async (body) => {
      throw body === 1 ? new BadReviewError('is none') : new Error('the API server is away')
    })
    expect(await ask('1')).toEqual([400, 'is none\n'])
    expect(await ask('2')).toEqual([500, 'the review failed; the log of the controller says why\n'])
    expect(problems).toEqual(['/review Error: the API server is away'])
  })

  test('that takes too long is given up', async () => {
    const { post: ask, problems } = await serve(
      (_body, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('too late')))
        }),
      { answerMs: 20 }
    )
    expect((await ask('{}'))[0]).toBe(500)
    expect(problems).toEqual(['/review Error: too late'])
  })

  test('is refused while too much is being read', async () => {
    const { post: ask } = await serve(undefined, { maxTotalBytes: 10 })
    expect((await ask('"0123456789"'))[0]).toBe(503)
    expect((await ask('{}'))[0]).toBe(200)
  })
})

describe('a connection', () => {
  test('that sends slowly, or nothing, is closed', async () => {
    const { port, post: ask } = await serve(undefined, { arrivalMs: 50 })
    const { ca } = await CERTIFICATES
    const slow = connectTls({ port, host: 'localhost', servername: HOST, ca })
    slow.write(
      'POST /review HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{'
    )
    expect(await text(slow)).toMatch(/^HTTP\/1.1 408 /)
    const mute = connect({ port, host: 'localhost' })
    expect(await text(mute)).toBe('')
    expect((await ask('{}'))[0]).toBe(200)
  })

  test.each(['GET / HTTP/1.1\r\n\r\n', '\0\0\0\0', '\u0016\u0003\u0001'])(
    'in the clear is closed: %j',
    async (bytes) => {
      const { port, post: ask } = await serve(undefined, { arrivalMs: 500 })
      const plain = connect({ port, host: 'localhost' })
      plain.on('error', () => undefined)
      plain.write(bytes)
      await new Promise((resolve) => plain.once('close', resolve))
      expect((await ask('{}'))[0]).toBe(200)
    }
  )

  test('that is HTTP no more is closed', async () => {
    const { port, post: ask } = await serve()
    const { ca } = await CERTIFICATES
    const socket = connectTls({ port, host: 'localhost', servername: HOST, ca })
    socket.write('POST /review HTTP/9\r\n\u0001\u0002: x\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /)
    expect((await ask('{}'))[0]).toBe(200)
  })
})

describe('the end', () => {
  test('lets what is under way be answered', async () => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<object>()
    const { post: ask, server } = await serve(() => {
      asked.resolve()
      return answer.promise
    })
    const answered = ask('{}')
    await asked.promise
    const stopped = server.stop()
    answer.resolve({ late: true })
    expect(await answered).toEqual([200, '{"late":true}'])
    await stopped
    await expect(ask('{}')).rejects.toThrow('ECONNREFUSED')
  })

  test('does not wait for ever', async () => {
    const asked = Promise.withResolvers<void>()
    const handler: ReviewHandler = (_body, signal) => {
      asked.resolve()
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('ended')))
      )
    }
    const { post: ask, server } = await serve(handler, { drainMs: 10 })
    const answered = ask('{}').catch((error: unknown) => error)
    await asked.promise
    await server.stop()
    await answered
    expect(server.isListening).toBe(false)
  })
})

test('another certificate is for new connections; those that there are go on', async () => {
  const { server, port, post: ask } = await serve()
  const { ca } = await CERTIFICATES
  const socket = connectTls({ port, host: 'localhost', servername: HOST, ca })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  const other = await makeCertificates()
  await server.use(other.pair)
  await expect(ask('{}')).rejects.toThrow('certificate')
  expect(await ask('{}', { ca: other.ca })).toEqual([200, '{"got":{}}'])
  const request =
    'POST /review HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'
  socket.write(request)
  expect(await text(socket)).toMatch(/^HTTP\/1.1 200 .*\{"got":\{\}\}$/s)
})
