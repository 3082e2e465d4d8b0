import { expect, test } from 'vitest'
import { parseNextHops } from './kernel-routes.ts'

test.each([
  ['no route', '', []],
  ['no route, by a newer ip', '[]', []],
  ['one', '[{"dst":"203.0.113.1","gateway":"192.0.2.1","dev":"eth0"}]', ['192.0.2.1']],
  [
    'several',
    '[{"dst":"203.0.113.1","nexthops":[{"gateway":"192.0.2.2"},{"gateway":"192.0.2.1"}]}]',
    ['192.0.2.1', '192.0.2.2']
  ],
  [
    'of the other family',
    '[{"dst":"203.0.113.1","via":{"family":"inet6","host":"fe80::1"},"dev":"eth0"}]',
    ['fe80::1']
  ],
  ['one object for each', '[{"gateway":"fe80::2"},{"gateway":"fe80::1"}]', ['fe80::1', 'fe80::2']],
  ['on the link', '[{"dst":"192.0.2.0/24","dev":"eth0"}]', []]
])('next hops of a route: %s', (_what, json, nextHops) => {
  expect(parseNextHops(json)).toEqual(nextHops)
})
