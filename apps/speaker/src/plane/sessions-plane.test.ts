import { expect, test, vi } from 'vitest'
import type { PeerState, RouteMessage, WantedPeer } from './sessions-messages.ts'
import { SessionsPlane } from './sessions-plane.ts'

/** A thread that tells what it was told as the problem of a peer, and fails when it is asked for the peer `fail`. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
  import { parentPort } from 'node:worker_threads'
  const told = []
  const tell = () => parentPort.postMessage({
    type: 'state',
    state: { name: 'a', label: 'a:179', vrf: '', bgp: 'idle', bfd: undefined, problem: told.join(' ') }
  })
  parentPort.on('message', (request) => {
    if (request.type === 'stop') {
      told.push('stop:' + request.end.mode)
      tell()
      parentPort.close()
      return
    }
    if (request.type === 'counts') return parentPort.postMessage({ type: 'counts', id: request.id, counts: [] })
    if (request.type === 'peers' && request.peers.some(({ name }) => name === 'fail')) throw new Error('it fails')
    if (request.type === 'peers') told.push('peers:' + request.peers.map(({ name }) => name))
    if (request.type === 'routes') {
      told.push('routes:' + request.changes.map(({ peer, set }) => peer + '=' + set.map(({ prefix }) => prefix)))
    }
    if (request.type === 'complete') told.push('complete')
    tell()
  })
  parentPort.postMessage({ type: 'ready' })
`)}`
)

const peer = (name: string): WantedPeer => ({
  name,
  localAsn: 1,
  asn: 2,
  address: '192.0.2.1',
  port: 179,
  isMultihop: false,
  families: [4],
  hasGracefulRestart: false
})
const route = (prefix: string): RouteMessage => ({
  prefix,
  localPref: undefined,
  communities: [],
  largeCommunities: []
})

function createPlane() {
  const onState = vi.fn<(state: PeerState) => void>()
  const onGone = vi.fn<(peer: string) => void>()
  const onRestart = vi.fn<(error: Error) => void>()
  const routesOf = (): readonly RouteMessage[] => [route('192.0.2.1/32')]
  const plane = new SessionsPlane({ node: 'n', entry: ENTRY, routesOf, onState, onGone, onRestart })
  const told = (): string | undefined => [...plane.states()][0]?.problem
  return { plane, onState, onGone, onRestart, told }
}

test('a thread is told all that is wanted: routes first, so that no session begins without them', async () => {
  const { plane, told } = createPlane()
  plane.markComplete()
  plane.setPeers([peer('a')])
  await expect.poll(() => told()).toBe('routes:a=192.0.2.1/32 peers:a complete')
  plane.setRoutes([{ peer: 'a', set: [route('192.0.2.2/32')], remove: [] }])
  await expect.poll(() => told()).toMatch(/ routes:a=192.0.2.2\/32$/)
  await plane.stop({ mode: 'restart', text: '' })
})

test('without peers there is no thread', async () => {
  const { plane, onState, onGone, told } = createPlane()
  plane.setPeers([])
  plane.setRoutes([{ peer: 'a', set: [], remove: [] }])
  expect(await plane.counts()).toEqual([])
  plane.setPeers([peer('a')])
  await expect.poll(() => told()).toContain('peers:a')
  plane.setPeers([])
  expect(onGone).toHaveBeenCalledExactlyOnceWith('a')
  expect(told()).toBeUndefined()
  plane.setPeers([peer('a')])
  await expect.poll(() => told()).toBe('routes:a=192.0.2.1/32 peers:a')
  await plane.stop({ mode: 'leave', text: '' })
  expect(onState).toHaveBeenCalled()
})

test('one that fails is started again, with all that is wanted', async () => {
  const { plane, onRestart, told } = createPlane()
  plane.setPeers([peer('a')])
  await expect.poll(() => told()).toContain('peers:a')
  plane.setPeers([peer('a'), peer('fail')])
  await expect.poll(() => onRestart).toHaveBeenCalled()
  expect(onRestart.mock.calls[0]?.[0].message).toBe('it fails')
  plane.setPeers([peer('a')])
  await expect.poll(() => told()).toBe('routes:a=192.0.2.1/32 peers:a')
  await plane.stop({ mode: 'restart', text: '' })
})

test('the last word is how to end; later wishes are none', async () => {
  const { plane, told } = createPlane()
  plane.setPeers([peer('a')])
  await expect.poll(() => told()).toContain('peers:a')
  await plane.stop({ mode: 'leave', text: '' })
  await plane.stop({ mode: 'leave', text: '' })
  plane.setPeers([peer('b')])
  expect(await plane.counts()).toEqual([])
})
