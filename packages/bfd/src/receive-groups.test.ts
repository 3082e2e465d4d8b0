import { parseIpAddress } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { BfdSpeaker } from './speaker.ts'
import type { BfdTransport } from './transport.ts'

test('a socket takes what any session may get that its packets can be for, each with its minimum TTL', async () => {
  const policies = new Map<string, string>()
  const transport: BfdTransport = {
    openReceiver({ family, port, device = 'any', ttl }) {
      const key = `${family} ${port} ${device}`
      const set = (policy: typeof ttl): void => {
        const exceptions = policy.exceptions.map(
          ({ source, minimumTtl }) => `${source.toString()}=${minimumTtl}`
        )
        policies.set(key, [policy.minimumTtl, ...exceptions].join(' '))
      }
      set(ttl)
      return { setTtlPolicy: set, drain: () => undefined, close: () => policies.delete(key) }
    },
    openSender: () => ({ send: () => 0, close: () => undefined })
  }
  const speaker = new BfdSpeaker({ transport })
  speaker.start()
  const add = (text: string, minimumTtl: number, device?: string): ReturnType<BfdSpeaker['add']> =>
    speaker.add({ remoteAddress: parseIpAddress(text), hops: 'multi', minimumTtl, interface: device })
  add('192.0.2.1', 250, 'eth0')
  expect(Object.fromEntries(policies)).toEqual({ '4 4784 eth0': '250' })
  const general = add('192.0.2.2', 100)
  speaker.add({ remoteAddress: parseIpAddress('192.0.2.2') })
  add('2001:db8::1', 1)
  expect(Object.fromEntries(policies)).toEqual({
    '4 4784 eth0': '100 192.0.2.1=250',
    '4 4784 any': '100',
    '4 3784 any': '255',
    '6 4784 any': '1'
  })
  speaker.remove(general, { farewell: 'silent' })
  expect([policies.get('4 4784 any'), policies.get('4 4784 eth0')]).toEqual([undefined, '250'])
  await speaker.stop({ farewell: 'silent' })
  expect(policies.size).toBe(0)
})
