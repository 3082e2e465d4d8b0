import { Ipv4Address, MacAddress } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { ANNOUNCEMENT_DELAYS_MS, encodeAnnouncement } from './index.ts'

const MAC = MacAddress.parse('02:00:00:00:00:0a')
const VIP = Ipv4Address.parse('192.0.2.1')

test('an announcement is a request with target 00:…:00 and a reply with target us, both broadcast', () => {
  // RFC 5227 §2.3 and RFC 5944 §4.6.
  const ethernet = 'ffffffffffff02000000000a0806'
  const golden = (operation: string, target: string): string =>
    `${ethernet}000108000604${operation}02000000000ac0000201${target}c0000201${'00'.repeat(18)}`
  expect(encodeAnnouncement(MAC, VIP).map((frame) => Buffer.from(frame).toString('hex'))).toEqual([
    golden('0001', '000000000000'),
    golden('0002', '02000000000a')
  ])
})

test('one of the announcements comes more than the locktime of Linux, a second, after another', () => {
  expect(ANNOUNCEMENT_DELAYS_MS[0]).toBe(0)
  expect(ANNOUNCEMENT_DELAYS_MS.some((ms, i) => ms - (ANNOUNCEMENT_DELAYS_MS[i - 1] ?? ms) > 1000)).toBe(true)
})
