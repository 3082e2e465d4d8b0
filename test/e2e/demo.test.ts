import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test, vi } from 'vitest'
import { ROOT } from './fixture.ts'

const DEMO = join(ROOT, 'lab', 'dist', 'demo', 'main.js')

/** What a demo could leave behind: processes of ours, files for people, namespaces. */
async function traces(): Promise<readonly string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(
    processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))
  )
  const ours = commands.filter((command) => /(apps|kube-sim|lab)\/dist|lab\/src|run\/clarion/.test(command))
  const files = (await readdir(tmpdir())).filter((name) => name.startsWith('clarion-demo-'))
  const namespaces = await readdir('/run/netns').catch(() => [])
  return [...ours, ...files, ...namespaces].toSorted()
}

function startDemo(...args: readonly string[]) {
  // The environment of a person: the tests' own sandbox is not the demo's.
  const { CLARION_LAB_SANDBOX: _inside, ...env } = process.env
  const child = spawn(process.execPath, [DEMO, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  return { child, output, exited: once(child, 'exit') }
}

interface Report {
  readonly services: readonly {
    readonly name: string
    readonly addresses: readonly string[]
    readonly node: string
    readonly firstReplyMs: number
  }[]
  readonly pending: readonly { readonly name: string; readonly reason: string }[]
  readonly takeover: {
    readonly node: string
    readonly newNode: string
    readonly gapMs: number
    readonly lostRequests: number
  }
  readonly failovers: readonly { readonly cause: string; readonly node: string; readonly newNode: string }[]
  readonly bgp?: {
    readonly router: string
    readonly sessions: readonly { readonly node: string; readonly peer: string }[]
    readonly routes: readonly { readonly prefix: string; readonly nodes: readonly string[] }[]
    readonly services: readonly { readonly name: string; readonly client: string }[]
    readonly failover: { readonly node: string; readonly nextHopGoneMs: number }
  }
}

function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'services' in value && 'takeover' in value
}

test.each([
  ['on namespaces', ['--once', '--json'], 'bird'],
  ['on namespaces without a router of others', ['--once', '--json', '--router', 'clarion'], 'clarion'],
  ['in memory', ['--in-memory', '--once', '--json'], undefined]
])('%s: one document in which all is reached, and nothing is left behind', async (_where, args, router) => {
  const before = await traces()
  const { output, exited } = startDemo(...args)
  expect((await exited)[0]).toBe(0)
  const [stdout] = await output
  const report: unknown = JSON.parse(stdout)
  if (!isReport(report)) throw new Error(stdout)
  expect(report.services.map(({ name }) => name)).toEqual([
    'web-ipv4',
    'web-ipv6',
    'web-dual',
    'shop',
    'shop-admin',
    'local-policy',
    'requested'
  ])
  expect(report.pending.map(({ name }) => name)).toEqual(['out-of-reach'])
  expect(report.takeover.newNode).not.toBe(report.takeover.node)
  expect(report.failovers.map(({ cause }) => cause)).toEqual(['cableOut', 'speakerKilled', 'nodeDrained'])
  expect(report.failovers.filter(({ node, newNode }) => node === newNode)).toEqual([])
  expect(report.bgp?.router).toBe(router)
  if (report.bgp !== undefined) expectRouted(report.bgp)
  expect(await traces()).toEqual(before)
})

function expectRouted({ sessions, routes, services, failover }: NonNullable<Report['bgp']>): void {
  expect(sessions).toHaveLength(6)
  const all = ['node-1', 'node-2', 'node-3']
  expect(routes.map(({ nodes }) => nodes)).toEqual([all, all, ['node-1', 'node-2']])
  expect(services.map(({ name }) => name)).toEqual(['routed', 'routed-local'])
  expect(services[1]?.client).toContain('198.51.100.10')
  expect(['node-1', 'node-2']).toContain(failover.node)
}

test.each([
  [0, 'SIGINT'],
  [300, 'SIGTERM'],
  [1500, 'SIGINT'],
  [3500, 'SIGHUP'],
  [5000, 'SIGKILL']
] as const)('interrupted after %i ms by %s it leaves nothing behind', async (afterMs, signal) => {
  const before = await traces()
  const { child, output, exited } = startDemo('--once', '--json')
  await new Promise((resolve) => {
    setTimeout(resolve, afterMs)
  })
  child.kill(signal)
  await exited
  await output
  // After a kill -9 the kernel takes the namespaces apart in its own time.
  await vi.waitFor(async () => expect(await traces()).toEqual(before), { timeout: 10_000, interval: 50 })
})

test('interrupted while a node is cut off from the router it leaves nothing behind', async () => {
  const before = await traces()
  const { child, output, exited } = startDemo('--once')
  child.stdout.on('data', (text: Buffer) => {
    if (text.includes('cutting off')) child.kill('SIGINT')
  })
  expect((await exited)[0]).toBe(130)
  await output
  await vi.waitFor(async () => expect(await traces()).toEqual(before), { timeout: 10_000, interval: 50 })
})
