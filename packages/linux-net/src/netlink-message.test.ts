import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NetlinkDecodeError } from './errors.ts'
import { NETLINK_FIXTURES } from './fixtures/netlink.ts'
import { ADDRESS_FLAG, decodeNetlink, INTERFACE_FLAG, type NetlinkMessage } from './netlink-message.ts'

function decodeOne(bytes: Uint8Array): NetlinkMessage | undefined {
  const messages = decodeNetlink(bytes, true)
  expect(messages).toHaveLength(1)
  return messages[0]
}

/** `struct nlmsghdr` and a body, little-endian. */
function message(type: number, body: readonly number[], flags = 0): Uint8Array {
  const bytes = new Uint8Array(16 + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  view.setUint32(8, 77, true)
  bytes.set(body, 16)
  return bytes
}

test('an interface is told with its name, MAC, MTU, flags and kind', () => {
  const decoded = decodeOne(NETLINK_FIXTURES.linkUp)
  expect(decoded).toMatchObject({
    type: 'link',
    link: { name: 'v0', hardwareType: 1, mtu: 1500, masterIndex: undefined, kind: 'veth' }
  })
  if (decoded?.type !== 'link') return
  expect(decoded.link.mac?.toString()).toBe('02:00:00:00:00:0a')
  expect(decoded.link.flags & (INTERFACE_FLAG.UP | INTERFACE_FLAG.LOWER_UP)).toBe(INTERFACE_FLAG.UP)
})

test('a member of a bridge names it', () => {
  const decoded = decodeOne(NETLINK_FIXTURES.enslaved)
  expect(decoded?.type === 'link' ? decoded.link.masterIndex : undefined).toBeGreaterThan(0)
})

test('that a port left its bridge is not taken for the end of the interface', () => {
  expect(decodeOne(NETLINK_FIXTURES.leftBridge)).toEqual({ type: 'other', messageType: 17 })
})

test('the end of an interface is told', () => {
  expect(decodeOne(NETLINK_FIXTURES.linkRemoved)).toMatchObject({ type: 'link-removed' })
})

test.each([
  ['address4', 'address', '192.0.2.1', 24],
  ['address4Removed', 'address-removed', '192.0.2.1', 24],
  ['address6', 'address', '2001:db8::1', 64],
  ['pointToPoint', 'address', '10.0.0.1', 32]
] as const)('%s: the address is our own, with its prefix length', (name, type, text, prefixLength) => {
  const decoded = decodeOne(NETLINK_FIXTURES[name])
  expect(decoded).toMatchObject({ type, address: { prefixLength } })
  if (decoded?.type !== 'address' && decoded?.type !== 'address-removed') return
  expect(decoded.address.address.toString()).toBe(text)
})

test('an IPv6 address on an interface without carrier is tentative', () => {
  const decoded = decodeOne(NETLINK_FIXTURES.address6)
  expect(decoded?.type === 'address' ? decoded.address.flags & ADDRESS_FLAG.TENTATIVE : 0).not.toBe(0)
})

test('several messages of one read come in their order', () => {
  const both = Uint8Array.from([...NETLINK_FIXTURES.address4, ...NETLINK_FIXTURES.linkRemoved])
  expect(decodeNetlink(both, true).map(({ type }) => type)).toEqual(['address', 'link-removed'])
})

test.each([
  ['the end of a dump', message(3, [0, 0, 0, 0], 2), { type: 'done', sequence: 77, isInterrupted: false }],
  [
    'one that was interrupted',
    message(3, [0, 0, 0, 0], 0x12),
    { type: 'done', sequence: 77, isInterrupted: true }
  ],
  ['an error', message(2, [0xff, 0xff, 0xff, 0xff]), { type: 'error', sequence: 77, errno: 1 }],
  ['an overrun', message(4, []), { type: 'overrun' }],
  ['a kind that is not asked for', message(24, [1, 2, 3]), { type: 'other', messageType: 24 }],
  ['an address of another family', message(20, [7, 0, 0, 0, 0, 0, 0, 0]), { type: 'other', messageType: 20 }]
])('%s', (_, bytes, expected) => {
  expect(decodeOne(bytes)).toEqual(expected)
})

test.each([
  ['a header that is cut', message(3, []).subarray(0, 15)],
  ['a length of nothing', new Uint8Array(16)],
  ['a length beyond the read', NETLINK_FIXTURES.address4.subarray(0, 60)],
  ['an error without its number', message(2, [])],
  ['a link without its structure', message(16, [0, 0, 1, 0])],
  ['an address without an address', message(20, [2, 24, 0, 0, 1, 0, 0, 0])],
  ['an address of the wrong length', message(20, [2, 24, 0, 0, 1, 0, 0, 0, 6, 0, 2, 0, 1, 2])],
  ['an attribute of length 3', message(20, [2, 24, 0, 0, 1, 0, 0, 0, 3, 0, 2, 0])],
  ['an attribute beyond the message', message(20, [2, 24, 0, 0, 1, 0, 0, 0, 9, 0, 2, 0, 1, 2, 3, 4])]
])('%s is refused', (_, bytes) => {
  expect(() => decodeNetlink(bytes, true)).toThrow(NetlinkDecodeError)
})

test('any change of real messages is decoded or refused, nothing else', () => {
  const real = fc.constantFrom(...Object.values(NETLINK_FIXTURES))
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(real, edits, fc.boolean(), (bytes, changes, littleEndian) => {
      const copy = bytes.slice()
      for (const [offset, value] of changes) copy[offset % Math.min(copy.length, 120)] = value
      try {
        expect(decodeNetlink(copy, littleEndian).length).toBeLessThanOrEqual(copy.length / 16)
      } catch (error) {
        if (!(error instanceof NetlinkDecodeError)) throw error
        expect(error.code).toBe('ERR_LINUX_NET_NETLINK_DECODE')
      }
    }),
    { numRuns: 2000 }
  )
})
