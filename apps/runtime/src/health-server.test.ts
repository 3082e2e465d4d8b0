import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test, vi } from 'vitest'
import { freePort } from '../test/free-port.ts'
import { afterwards } from '../test/test-cluster.ts'
import { HealthServer } from './health-server.ts'

async function serve(unreadyBecause: () => string | undefined): Promise<string> {
  const port = await freePort()
  const server = new HealthServer({ port, host: '127.0.0.1', unreadyBecause })
  afterwards(() => server.stop())
  await server.start()
  return `http://127.0.0.1:${port}`
}

async function serveAll(): Promise<number> {
  const port = await freePort()
  const server = new HealthServer({ port, unreadyBecause: () => undefined })
  afterwards(() => server.stop())
  await server.start()
  return port
}

/** What `ipv6.disable=1` makes of sockets, as Node's own binding tells of it. */
async function withoutIpv6(): Promise<void> {
  const EAFNOSUPPORT = -97
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const handle = Reflect.get(probe, '_handle') as object
  const binding = Object.getPrototypeOf(handle) as { bind6: () => number }
  probe.close()
  const refused = vi.spyOn(binding, 'bind6').mockReturnValue(EAFNOSUPPORT)
  afterwards(() => refused.mockRestore())
}

async function ask(url: string): Promise<readonly [number, string]> {
  const response = await fetch(url)
  return [response.status, await response.text()]
}

test('the process is well while it runs, and ready when it can do its task', async () => {
  let because: string | undefined = 'Services are not read yet'
  const url = await serve(() => because)
  expect(await ask(`${url}/readyz`)).toEqual([503, 'Services are not read yet\n'])
  expect(await ask(`${url}/healthz`)).toEqual([200, 'ok\n'])
  because = undefined
  expect(await ask(`${url}/readyz?verbose`)).toEqual([200, 'ok\n'])
  expect(await ask(`${url}/`)).toEqual([404, 'not found\n'])
})

test('without a host it is there for both families', async () => {
  const port = await serveAll()
  expect(await ask(`http://127.0.0.1:${port}/healthz`)).toEqual([200, 'ok\n'])
  expect(await ask(`http://[::1]:${port}/healthz`)).toEqual([200, 'ok\n'])
})

test('without a host it is there where the kernel has no IPv6', async () => {
  await withoutIpv6()
  const port = await serveAll()
  expect(await ask(`http://127.0.0.1:${port}/healthz`)).toEqual([200, 'ok\n'])
})

test('after the end nobody answers', async () => {
  const port = await freePort()
  const server = new HealthServer({ port, host: '127.0.0.1', unreadyBecause: () => undefined })
  await server.start()
  server.stop()
  server.stop()
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow('fetch failed')
})

test('a port that is taken fails the start', async () => {
  const taken = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve))
  afterwards(() => taken.close())
  const server = new HealthServer({ port, host: '127.0.0.1', unreadyBecause: () => undefined })
  await expect(server.start()).rejects.toMatchObject({ code: 'EADDRINUSE' })
  expect(() => server.stop()).not.toThrow()
})

test('port 0 is no server', async () => {
  const server = new HealthServer({ port: 0, host: '127.0.0.1', unreadyBecause: () => undefined })
  await expect(server.start()).resolves.toBeUndefined()
  server.stop()
})
