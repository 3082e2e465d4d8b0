import { expect, test } from 'vitest'
import { parseBirdSessions } from './bird.ts'
import { buildBirdConfig } from './bird-config.ts'
import type { RouterPeer } from './router.ts'

const NODE: RouterPeer = { name: 'node_1_ipv4', address: '192.0.2.11', localAddress: '192.0.2.2', asn: 64500 }

test('a peer has BFD and a password only if it is to have them', () => {
  const bare = buildBirdConfig({ asn: 64501, routerId: '192.0.2.2', peers: [NODE] })
  expect(bare).toContain(
    'protocol bgp node_1_ipv4 {\n  local 192.0.2.2 as 64501;\n  neighbor 192.0.2.11 as 64500;'
  )
  expect(bare).not.toMatch(/password|interval/)
  const peers = [{ ...NODE, password: 'secret', bfd: { intervalMs: 100, multiplier: 3 } }]
  const full = buildBirdConfig({ asn: 64501, routerId: '192.0.2.2', peers })
  expect(full).toContain('  password "secret";\n  bfd { interval 100 ms; multiplier 3; };')
})

test('sessions are established since a moment of local time, or not at all', () => {
  // What BIRD 2.0.12 prints with `timeformat protocol iso long ms`.
  const shown = `BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
node_1_ipv4 BGP        ---        up     2026-11-25 14:22:20.885  Established
node_2_ipv4 BGP        ---        start  2026-11-25 14:22:20.885  Idle          Error: BFD session down
`
  const other = { ...NODE, name: 'node_2_ipv4', address: '192.0.2.12' }
  const unknown = { ...NODE, name: 'node_3_ipv4', address: '192.0.2.13' }
  expect(parseBirdSessions(shown, [NODE, other, unknown])).toEqual([
    { address: '192.0.2.11', establishedAtMs: new Date(2026, 10, 25, 14, 22, 20, 885).getTime() },
    { address: '192.0.2.12', establishedAtMs: undefined },
    { address: '192.0.2.13', establishedAtMs: undefined }
  ])
})
