import { readFile } from 'node:fs/promises'
import { NODES as NODE_RESOURCE } from '@clarion-lb/k8s-watch'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from './fixture.ts'
import { PEER, prefixOf, ROUTER_IPV4, RoutedFixture } from './routed-fixture.ts'

const NODES = ['node-1', 'node-2', 'node-3'] as const
/** RFC 8326 §3, as BIRD prints it. */
const GRACEFUL_SHUTDOWN = '(65535,0)'
let fixture: RoutedFixture
let prefix: string
let marks = 0

beforeAll(async () => {
  fixture = await RoutedFixture.start({ METALLB_BGP_TYPE: 'frr-k8s' })
  const [address = ''] = await fixture.base.addressesOf('routed')
  prefix = prefixOf(address)
})
afterAll(async () => fixture.stop())

test('METALLB_BGP_TYPE of a MetalLB installation is accepted, whatever it says', async () => {
  await fixture.untilRouted(prefix, ...NODES)
  expect(await fixture.logLines('node-1', 'bgp session established')).toHaveLength(2)
})

test('a node that is cut off is no next hop as soon as BFD misses it, and is one again when it is back', async () => {
  await until('BFD is up', async () => {
    const states = await fixture.statuses('BGPSessionState', 'frrk8s.metallb.io')
    return states.length === 6 && states.every(({ bfdStatus }) => bfdStatus === 'Up') ? true : undefined
  })
  await fixture.base.cluster.segment.pullCable('node-2')
  await fixture.untilRouted(prefix, 'node-1', 'node-3')
  // The router knows it from BFD: the hold time is far from over.
  expect(await fixture.bird.command('show protocols all node_2_ipv4')).toContain('BFD session down')
  await fixture.base.cluster.segment.plugCable('node-2')
  await fixture.untilRouted(prefix, ...NODES)
})

test('without the API server sessions and routes stay, and nothing changes when it is back', async () => {
  const { apiServer } = fixture.base.cluster
  const before = await fixture.untilEstablished()
  const changes = await routeLog()
  apiServer.kill('SIGKILL')
  await apiServer.exited()
  const endAt = performance.now() + 4000
  while (performance.now() < endAt) expect(await fixture.nodesOf(prefix)).toEqual(NODES)
  apiServer.start()
  await until('the API server answers', async () => fixture.base.allAddresses())
  const [late = ''] = await fixture.createRouted('after-outage')
  await fixture.untilRouted(late, ...NODES)
  expect((await routeLog()).slice(changes.length)).not.toContain(prefix.replace('/32', ' '))
  expect(await fixture.untilEstablished()).toEqual(before)
})

test('SIGTERM of a speaker withdraws its routes at once, with the reason', async () => {
  const speaker = fixture.base.cluster.speakers.get('node-2')
  const stopped = speaker?.stop()
  await fixture.untilRouted(prefix, 'node-1', 'node-3')
  await stopped
  expect(await routerLog()).toContain('node_2_ipv4: Received: Administrative shutdown')
  speaker?.start()
  await fixture.untilRouted(prefix, ...NODES)
})

test('the speaker of a drained node is shut down gracefully: first its routes are marked, then they go', async () => {
  const speaker = fixture.base.cluster.speakers.get('node-3')
  await cordon('node-3', true)
  // What comes after the cordon is known to the speaker: so is the cordon.
  const [later = ''] = await fixture.createRouted('after-cordon')
  await fixture.untilRouted(later, ...NODES)
  expect(await routerLog()).not.toContain('graceful shutdown')
  await speaker?.stop()
  await fixture.untilRouted(prefix, 'node-1', 'node-2')
  expect(await routerLog()).toContain(`graceful shutdown of ${prefix} by node_3_ipv4`)
  await cordon('node-3', false)
  speaker?.start()
  await fixture.untilRouted(prefix, ...NODES)
  expect((await fixture.pathsOf(prefix)).get('node-3')).not.toContain(GRACEFUL_SHUTDOWN)
})

test('with graceful restart a speaker that is killed and comes again was never away for the router', async () => {
  await fixture.configureBird((peer) => ({ ...peer, bfd: undefined }))
  await fixture.remove('bgppeers', 'router')
  await fixture.untilRouted(prefix)
  await fixture.applyPeer('restarting', { ...PEER, peerAddress: ROUTER_IPV4, enableGracefulRestart: true })
  await fixture.untilRouted(prefix, ...NODES)
  const before = await fixture.sessions(4)
  const changes = await routeLog()
  const speaker = fixture.base.cluster.speakers.get('node-1')
  speaker?.kill('SIGKILL')
  await speaker?.exited()
  await until('the router misses the session', async () =>
    (await fixture.sessions(4))['node-1'] === undefined ? true : undefined
  )
  expect(await fixture.nodesOf(prefix)).toEqual(NODES)
  speaker?.start()
  await until('the session is there again', async () => (await fixture.sessions(4))['node-1'])
  // The router is told that these are all: what it remembered would go now.
  await until('nothing is stale', async () =>
    (await fixture.pathsOf(prefix)).get('node-1')?.includes('(100s)') === false ? true : undefined
  )
  expect(await fixture.nodesOf(prefix)).toEqual(NODES)
  expect((await routeLog()).slice(changes.length)).not.toContain(prefix.replace('/32', ' '))
  const { 'node-1': _again, ...others } = await fixture.sessions(4)
  const { 'node-1': _first, ...same } = before
  expect(others).toEqual(same)
})

async function routerLog(): Promise<string> {
  return readFile(fixture.site.logFile, 'utf8')
}

/** Every change of the router's kernel table so far: up to one that is made for this, since the log may be behind. */
async function routeLog(): Promise<string> {
  const mark = `192.0.2.${(marks += 1)}`
  await fixture.base.cluster.segment.execute('router', 'ip', ['route', 'add', 'blackhole', mark])
  return until('the log has the last change', async () => {
    const text = await readFile(`${fixture.base.directory}/router/routes.log`, 'utf8')
    return text.includes(`${mark} `) ? text : undefined
  })
}

async function cordon(name: string, unschedulable: boolean): Promise<void> {
  const client = await fixture.base.cluster.api.client()
  const body = { spec: { unschedulable } }
  await client.patch(NODE_RESOURCE, { namespace: '', name }, { type: 'merge', body })
}
