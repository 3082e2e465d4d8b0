import type { BgpCloseReason } from '@clarion-lb/bgp'
import { expect, test } from 'vitest'
import { stateOf } from './peer-state.ts'
import type { WantedPeer } from './sessions-messages.ts'

const WANTED: WantedPeer = {
  name: 'router',
  localAsn: 64500,
  asn: 64501,
  port: 179,
  address: '192.0.2.1',
  isMultihop: false,
  families: [4],
  hasGracefulRestart: false
}
const SILENCE: BgpCloseReason = {
  by: 'network',
  notification: undefined,
  text: undefined,
  message: 'no answer',
  wasEstablished: false
}

function problemOf(more: Partial<WantedPeer>, lastClose: BgpCloseReason): string | undefined {
  const family = { wanted: 0, advertised: 0, pending: 0, received: 0, withheld: undefined }
  const peer = {
    status: () => ({ state: 'connect', families: { 4: family, 6: family }, lastClose }) as const
  }
  return stateOf({ wanted: { ...WANTED, ...more }, peer, bfd: { state: undefined, problem: undefined } })
    .problem
}

test.each([
  ['silence with a password', { password: 'x' }, SILENCE, 'no answer; is the password the same there?'],
  ['silence without one', {}, SILENCE, 'no answer'],
  ['a refusal', { password: 'x' }, { ...SILENCE, message: 'ECONNREFUSED' }, 'ECONNREFUSED'],
  ['a session that fell silent', { password: 'x' }, { ...SILENCE, wasEstablished: true }, 'no answer']
])('%s is told as what it may be', (_what, more, lastClose, problem) => {
  expect(problemOf(more, lastClose)).toBe(problem)
})
