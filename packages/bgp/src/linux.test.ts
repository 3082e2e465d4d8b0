import { once } from 'node:events'
import { unsupportedReason } from '@clarion-lb/linux-net'
import { Ipv4Address, parseIpAddress } from '@clarion-lb/netaddr'
import { afterEach, expect, test } from 'vitest'
import { Received, route } from './fixtures/speakers.ts'
import { type BgpPeer, type BgpPeerSettings, BgpSpeaker } from './index.ts'

// Keys and TTLs of loopback connections need no rights; where the calls are missing this says why.
const reason = unsupportedReason()
const LINUX = { skip: reason !== undefined }
if (reason !== undefined) process.stderr.write(`linux.test.ts: skipped: ${reason}\n`)

const speakers: BgpSpeaker[] = []

afterEach(async () => {
  await Promise.all(speakers.splice(0).map(async (speaker) => speaker.stop()))
})

interface Ends {
  readonly left: BgpPeer
  readonly right: BgpPeer
  readonly leftSpeaker: BgpSpeaker
  readonly rightSpeaker: BgpSpeaker
}

async function connectOver(
  addresses: { readonly listen: string; readonly left: string; readonly right: string },
  leftOptions: Partial<BgpPeerSettings>,
  rightOptions: Partial<BgpPeerSettings>
): Promise<Ends> {
  const address = parseIpAddress(addresses.left)
  const leftSpeaker = new BgpSpeaker({
    asn: 64_500,
    bgpIdentifier: Ipv4Address.parse('192.0.2.1'),
    listen: [{ address: parseIpAddress(addresses.listen), port: 0 }]
  })
  const remote = { address: parseIpAddress(addresses.right) }
  const left = leftSpeaker.addPeer({ name: 'right', asn: 64_501, isPassive: true, ...remote, ...leftOptions })
  await leftSpeaker.start()
  const rightSpeaker = new BgpSpeaker({ asn: 64_501, bgpIdentifier: Ipv4Address.parse('192.0.2.2') })
  const port = leftSpeaker.ports[0] ?? 0
  const local = { localAddress: parseIpAddress(addresses.right) }
  const right = rightSpeaker.addPeer({ name: 'left', asn: 64_500, address, port, ...local, ...rightOptions })
  speakers.push(leftSpeaker, rightSpeaker)
  return { left, right, leftSpeaker, rightSpeaker }
}

const V4 = { listen: '127.99.1.1', left: '127.99.1.1', right: '127.99.1.2' }
const MAPPED = { listen: '::', left: '127.99.2.1', right: '127.99.2.2' }
const V6 = { listen: '::1', left: '::1', right: '::1' }

test.skipIf(LINUX.skip).each([
  { what: 'IPv4', addresses: V4 },
  { what: 'IPv4 to a listener of both families', addresses: MAPPED },
  { what: 'IPv6', addresses: V6 }
])('a session with a password and TTL security over $what', async ({ addresses }) => {
  const options = { password: 'correct horse', ttlSecurityHops: 1 }
  const { left, right, rightSpeaker } = await connectOver(addresses, options, options)
  const both = [once(left, 'established'), once(right, 'established')]
  await rightSpeaker.start()
  await Promise.all(both)
  expect(left.status().counters.sessions).toBe(1)
})

test('with another password nothing comes through, and nothing is told', LINUX, async () => {
  const addresses = { ...V4, listen: '127.99.3.1', left: '127.99.3.1', right: '127.99.3.2' }
  const { left, right, rightSpeaker } = await connectOver(
    addresses,
    { password: 'correct horse' },
    { password: 'battery staple', connectTimeoutMs: 200 }
  )
  const ended = once(right, 'closed')
  await rightSpeaker.start()
  await ended
  expect(right.status().lastClose).toMatchObject({ by: 'network', message: 'no answer' })
  expect(left.state).toBe('active')
})

test('a password is changed on both ends without ending the session', LINUX, async () => {
  const addresses = { listen: '127.99.4.1', left: '127.99.4.1', right: '127.99.4.2' }
  const options = { password: 'old' }
  const { left, right, leftSpeaker, rightSpeaker } = await connectOver(addresses, options, options)
  const both = [once(left, 'established'), once(right, 'established')]
  await rightSpeaker.start()
  await Promise.all(both)
  rightSpeaker.updatePeer({ ...right.options, password: 'new' })
  leftSpeaker.updatePeer({ ...left.options, password: 'new' })
  const received = new Received(left)
  right.setAdvertisements([route('192.0.2.1/32')])
  await received.until(() => received.routes.size === 1)
  expect([left.status().counters.sessions, right.state]).toEqual([1, 'established'])
})

test('what comes from farther away than allowed is dropped', LINUX, async () => {
  const addresses = { listen: '127.99.5.1', left: '127.99.5.1', right: '127.99.5.2' }
  const { left, right, rightSpeaker } = await connectOver(
    addresses,
    { ttlSecurityHops: 1 },
    { ttl: 64, connectTimeoutMs: 300 }
  )
  const ended = once(right, 'closed')
  await rightSpeaker.start()
  await ended
  expect(right.status().lastClose).toMatchObject({ by: 'network', message: 'no answer' })
  expect(left.state).toBe('active')
})

test('a session is bound to its device', { skip: LINUX.skip || process.getuid?.() !== 0 }, async () => {
  const addresses = { listen: '127.99.6.1', left: '127.99.6.1', right: '127.99.6.2' }
  const { left, right, rightSpeaker } = await connectOver(addresses, {}, { device: 'lo' })
  const both = [once(left, 'established'), once(right, 'established')]
  await rightSpeaker.start()
  await Promise.all(both)
  const ended = once(right, 'closed')
  rightSpeaker.updatePeer({ ...right.options, device: 'no-such-device' })
  await ended
  while (right.status().lastClose?.wasEstablished === true) await once(right, 'closed')
  expect(right.status().lastClose?.message).toContain('SO_BINDTODEVICE no-such-device: ENODEV')
})
