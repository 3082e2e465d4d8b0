import { parseIpAddress } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { type BfdSessionOptions, parseSessionOptions } from './options.ts'

const PEER: BfdSessionOptions = { remoteAddress: parseIpAddress('192.0.2.1') }
const key = Buffer.alloc(20, 1)

test('defaults are those of the RFCs and of FRR', () => {
  expect(parseSessionOptions(PEER)).toMatchObject({
    hops: 'single',
    minimumTtl: 255,
    remotePort: 3784,
    parameters: {
      desiredMinTxUs: 300_000,
      requiredMinRxUs: 300_000,
      detectMultiplier: 3,
      isPassive: false
    }
  })
  expect(parseSessionOptions({ ...PEER, hops: 'multi' })).toMatchObject({ minimumTtl: 254, remotePort: 4784 })
})

test.each<[string, string, Partial<BfdSessionOptions>]>([
  ['unsupported', 'echoMode', { echoMode: true }],
  ['range', 'transmitIntervalMs', { transmitIntervalMs: 9 }],
  ['range', 'transmitIntervalMs', { transmitIntervalMs: 60_001 }],
  ['range', 'receiveIntervalMs', { receiveIntervalMs: 50.5 }],
  ['range', 'detectMultiplier', { detectMultiplier: 0 }],
  ['range', 'detectMultiplier', { detectMultiplier: 256 }],
  ['range', 'minimumTtl', { hops: 'multi', minimumTtl: 0 }],
  ['range', 'minimumTtl', { hops: 'multi', minimumTtl: 256 }],
  ['mismatch', 'minimumTtl', { minimumTtl: 254 }],
  ['range', 'remotePort', { remotePort: 0 }],
  ['range', 'remoteAddress', { remoteAddress: parseIpAddress('224.0.0.1') }],
  ['range', 'remoteAddress', { remoteAddress: parseIpAddress('::') }],
  ['mismatch', 'localAddress', { localAddress: parseIpAddress('2001:db8::1') }],
  ['mismatch', 'interface', { remoteAddress: parseIpAddress('fe80::1') }],
  ['range', 'authentication.keyId', { authentication: { type: 'keyed-sha1', keyId: 256, key } }],
  ['range', 'authentication.key', { authentication: { type: 'keyed-md5', keyId: 1, key } }],
  ['range', 'authentication.key', { authentication: { type: 'keyed-sha1', keyId: 1, key: Buffer.of() } }]
])('%s: %s of %j is refused by name', (reason, field, options) => {
  expect(() => parseSessionOptions({ ...PEER, ...options })).toThrow(
    expect.objectContaining({ code: 'ERR_BFD_OPTIONS', reason, field })
  )
})
