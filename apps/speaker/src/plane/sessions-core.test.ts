import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { afterwards } from '@clarion-lb/runtime/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { TestRouter } from '../../test/test-router.ts'
import { SessionsCore } from './sessions-core.ts'
import type { WantedPeer } from './sessions-messages.ts'

const LOOK_MS = 5000
const NETMASK = { netmask: '', mac: '', internal: false }

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  syncBuiltinESMExports()
})

/** From now on these are the addresses of this node, beside the one that sessions of these tests come from. */
function haveAddresses(...cidrs: readonly string[]): void {
  const eth0 = ['127.0.0.1/8', ...cidrs].map((cidr) => {
    const [address = ''] = cidr.split('/')
    return address.includes(':')
      ? { ...NETMASK, address, cidr, family: 'IPv6' as const, scopeid: 0 }
      : { ...NETMASK, address, cidr, family: 'IPv4' as const }
  })
  vi.spyOn(os, 'networkInterfaces').mockReturnValue({ eth0 })
  syncBuiltinESMExports()
}

async function startSession(more: Partial<WantedPeer> = {}): Promise<TestRouter> {
  const router = await TestRouter.start()
  const core = new SessionsCore({ node: 'n1', onState: () => undefined })
  core.start()
  afterwards(() => core.stop({ mode: 'restart', text: '' }))
  const wanted = {
    name: 'router',
    localAsn: 64_500,
    asn: 64_501,
    address: '127.0.0.1',
    port: router.port,
    isMultihop: false,
    families: [4, 6],
    hasGracefulRestart: false
  } as const
  const set = ['192.0.2.7/32', '2001:db8:7::7/128'].map((prefix) => ({
    prefix,
    localPref: undefined,
    communities: [],
    largeCommunities: []
  }))
  core.setRoutes([{ peer: 'router', set, remove: [] }])
  core.setPeers([{ ...wanted, ...more }])
  core.markComplete()
  return router
}

const hops = (router: TestRouter) => () => router.nextHopsOf('2001:db8:7::7/128')

test('next hops of the other family follow the addresses of this node, and the session stays', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  haveAddresses('2001:db8::a/64', 'fe80::a/64')
  const router = await startSession()
  await expect.poll(hops(router)).toEqual(['2001:db8::a', 'fe80::a'])
  expect(router.nextHopsOf('192.0.2.7/32')).toEqual(['127.0.0.1'])
  haveAddresses('2001:db8::b/64', 'fe80::a/64')
  vi.advanceTimersByTime(LOOK_MS)
  await expect.poll(hops(router)).toEqual(['2001:db8::b', 'fe80::a'])
  expect(router.sessions).toBe(1)
})

test('routes of a family without a next hop go once there is one', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  haveAddresses()
  const router = await startSession()
  await expect.poll(() => router.routes).toEqual(['192.0.2.7/32'])
  haveAddresses('2001:db8::a/64')
  vi.advanceTimersByTime(LOOK_MS)
  await expect.poll(hops(router)).toEqual(['2001:db8::a'])
  expect(router.sessions).toBe(1)
})
