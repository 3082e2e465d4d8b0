import { expect, test } from 'vitest'
import { buildNftRules, type ProxiedPort } from './nft-rules.ts'

const PORT: ProxiedPort = {
  protocol: 'TCP',
  port: 80,
  addresses: ['192.168.100.200', 'fd00::200'],
  backends: [
    { address: '10.244.1.10', port: 8080, nodeName: 'node-1' },
    { address: '10.244.2.10', port: 8080, nodeName: 'node-2' },
    { address: 'fd44::1:10', port: 8080, nodeName: 'node-1' }
  ],
  isLocal: false
}

test('each address goes to the backends of its own family, masqueraded', () => {
  const rules = buildNftRules([PORT], 'node-1')
  expect(rules).toContain(
    'ip daddr 192.168.100.200 tcp dport 80 meta mark set meta mark | 0x4000 dnat to numgen random mod 2 map { 0 : 10.244.1.10 . 8080, 1 : 10.244.2.10 . 8080 }'
  )
  expect(rules).toContain(
    'ip6 daddr fd00::200 tcp dport 80 meta mark set meta mark | 0x4000 dnat to numgen random mod 1 map { 0 : fd44::1:10 . 8080 }'
  )
})

test('a Local port goes only to backends of this node, and keeps the source address', () => {
  const rules = buildNftRules([{ ...PORT, isLocal: true }], 'node-2')
  expect(rules).toContain(
    'ip daddr 192.168.100.200 tcp dport 80 dnat to numgen random mod 1 map { 0 : 10.244.2.10 . 8080 }'
  )
  expect(rules).toContain('ip6 daddr fd00::200 tcp dport 80 drop')
})

test('what is not an address becomes no rule', () => {
  expect(buildNftRules([{ ...PORT, addresses: ['None', '1.2.3.4; drop'] }], 'node-1')).not.toContain('daddr')
})
