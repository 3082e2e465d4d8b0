import { expect, test } from 'vitest'
import { plain } from '../fixtures/bytes.ts'
import { CAPTURES } from '../fixtures/captures.ts'
import { CAPTURED_ENCODINGS, capturedMessages } from '../fixtures/corpus.ts'
import { decodeMessage } from './codec.ts'
import type { BgpMessage } from './model.ts'

const DAEMONS = [...new Set(CAPTURES.map(({ source }) => source))]

function messagesOf(daemon: string): readonly BgpMessage[] {
  return CAPTURES.filter(({ source }) => source === daemon).flatMap((capture) =>
    capturedMessages(capture).map((bytes) => decodeMessage(bytes, CAPTURED_ENCODINGS[capture.session]))
  )
}

test.each(DAEMONS)('everything that %s sends is understood, and nothing of it found wrong', (daemon) => {
  const problems = messagesOf(daemon).flatMap((message) =>
    message.type === 'update' ? message.problems : []
  )
  expect(problems).toEqual([])
})

test.each(DAEMONS)('the messages of %s are of all sorts', (daemon) => {
  const messages = messagesOf(daemon)
  const updates = messages.filter((message) => message.type === 'update')
  const attributes = updates.map((update) => update.attributes)
  expect({
    hasOpen: messages.some(({ type }) => type === 'open'),
    hasNotification: messages.some(({ type }) => type === 'notification'),
    withdraws: updates.some(({ withdrawn }) => withdrawn.length > 0),
    endsRib: updates.some(({ endOfRib }) => endOfRib !== undefined),
    hasCommunities: attributes.some((it) => (it?.communities.length ?? 0) > 0),
    hasLargeCommunities: attributes.some((it) => (it?.largeCommunities.length ?? 0) > 0),
    hasExtendedCommunities: attributes.some((it) => (it?.extendedCommunities.length ?? 0) > 0),
    hasLocalPref: attributes.some((it) => it?.localPref !== undefined),
    hasIpv6: updates.some(({ reached }) => reached.some(({ nextHop }) => nextHop.global.family === 6))
  }).toEqual({
    hasOpen: true,
    hasNotification: true,
    withdraws: true,
    endsRib: true,
    hasCommunities: true,
    hasLargeCommunities: true,
    hasExtendedCommunities: true,
    hasLocalPref: true,
    hasIpv6: true
  })
})

test('AS numbers of four octets are found in AS4_PATH, too', () => {
  const paths = CAPTURES.filter(({ session }) => session === 'twoOctet').flatMap((capture) =>
    capturedMessages(capture).map((bytes) => plain(decodeMessage(bytes, CAPTURED_ENCODINGS.twoOctet)))
  )
  expect(JSON.stringify(paths)).toContain('4200000009')
})
