import { describe, expect, test } from 'vitest'
import {
  formatKeys,
  HANDLED_ANNOTATION,
  type KeyChange,
  type KeyPlanContext,
  planKeys,
  ROTATE_ANNOTATION,
  readKeys,
  SINCE_ANNOTATION,
  type StoredKeys,
  withNotes
} from './stored-keys.ts'

const STEP_MS = 60_000
const NOW_MS = Date.parse('2026-06-01T00:00:00Z')

/** A key whose octets are all the same. */
function key(octet: number, length = 32): Uint8Array {
  return new Uint8Array(length).fill(octet)
}

function base64(octet: number, length = 32): string {
  return Buffer.from(key(octet, length)).toString('base64')
}

function context(changes: Partial<KeyPlanContext> = {}): KeyPlanContext {
  return { nowMs: NOW_MS, stepMs: STEP_MS, remembered: undefined, makeKey: () => key(9), ...changes }
}

/** What it writes, `data` with a name of each key's octet; `undefined`: nothing. */
function written(
  data: StoredKeys['data'],
  annotations: StoredKeys['annotations'] = {},
  changes: Partial<KeyPlanContext> = {}
): readonly [KeyChange, Readonly<Record<string, number | undefined>>] | undefined {
  const { write } = planKeys({ data, annotations }, context(changes))
  if (write === undefined) return undefined
  const names = Object.entries(formatKeys(write.keys)).map(([name, text]) => [
    name,
    Buffer.from(text, 'base64')[0]
  ])
  return [write.change, Object.fromEntries(names)]
}

describe('a key', () => {
  test('is made where there is no Secret, or an empty one, beside what else is in it', () => {
    expect(written(undefined)).toEqual(['created', { current: 9 }])
    expect(written({})).toEqual(['created', { current: 9 }])
    expect(written({ other: 'AA==' })).toEqual(['created', { current: 9 }])
  })

  test('has 32 random octets', () => {
    const make = (): Uint8Array | undefined =>
      planKeys({ data: undefined, annotations: {} }, { nowMs: 0, stepMs: 1, remembered: undefined }).write
        ?.keys.current
    expect(make()).toHaveLength(32)
    expect(make()).not.toEqual(make())
  })

  test.each([16, 32, 1024])('of %d octets stays, whoever made it', (length) => {
    expect(written({ current: base64(1, length) })).toBeUndefined()
  })

  test.each([0, 15, 1025])('of %d octets is none', (length) => {
    expect(written({ current: base64(1, length) })).toEqual(['replaced', { current: 9 }])
  })

  test('that is broken is put back as it was, with the others of its time', () => {
    const remembered = { current: key(1), next: key(2) }
    expect(written({ current: '' }, {}, { remembered })).toEqual(['restored', { current: 1, next: 2 }])
    expect(written(undefined, {}, { remembered })).toEqual(['restored', { current: 1, next: 2 }])
  })

  test('that is broken gives way to one that speakers accept', () => {
    expect(written({ current: '', next: base64(2) })).toEqual(['restored', { current: 2 }])
    expect(written({ next: base64(2), previous: base64(3) })).toEqual(['restored', { current: 3 }])
  })

  test.each(['next', 'previous'])('%s that is none goes', (name) => {
    expect(written({ current: base64(1), [name]: base64(2, 3) })).toEqual(['cleared', { current: 1 }])
  })
})

describe('a rotation', () => {
  const asked = { [ROTATE_ANNOTATION]: 'a' }

  test('begins for a value that was not there before, and not for none', () => {
    const data = { current: base64(1) }
    expect(written(data, asked)).toEqual(['rotation begun', { current: 1, next: 9 }])
    expect(written(data, { ...asked, [HANDLED_ANNOTATION]: 'a' })).toBeUndefined()
    expect(written(data, { [ROTATE_ANNOTATION]: '' })).toBeUndefined()
    expect(written(data, { ...asked, [HANDLED_ANNOTATION]: 'before' })).toEqual([
      'rotation begun',
      { current: 1, next: 9 }
    ])
  })

  test('does not begin for the request that a first key meets', () => {
    const { write } = planKeys({ data: undefined, annotations: asked }, context())
    expect(write).toMatchObject({ change: 'created', notes: { handled: 'a', sinceMs: undefined } })
  })

  test('goes its way, a step a minute, and is over; a second request waits for that', () => {
    let stored: StoredKeys = { data: { current: base64(1) }, annotations: asked }
    const seen: unknown[] = []
    let octet = 1
    for (let nowMs = NOW_MS; nowMs < NOW_MS + 5 * STEP_MS; nowMs += 20_000) {
      if (nowMs === NOW_MS + 40_000)
        stored = { ...stored, annotations: { ...stored.annotations, [ROTATE_ANNOTATION]: 'b' } }
      const { write } = planKeys(stored, context({ nowMs, makeKey: () => key(++octet) }))
      if (write === undefined) continue
      const data = formatKeys(write.keys)
      stored = { data, annotations: withNotes(stored.annotations, write.notes) }
      const keys = readKeys(data)
      seen.push([(nowMs - NOW_MS) / 1000, keys.current?.[0], keys.next?.[0], keys.previous?.[0]])
    }
    expect(seen).toEqual([
      [0, 1, 2, undefined],
      [60, 2, undefined, 1],
      [120, 2, undefined, undefined],
      [140, 2, 3, undefined],
      [200, 3, undefined, 2],
      [260, 3, undefined, undefined]
    ])
    expect(stored.annotations).toEqual({ [ROTATE_ANNOTATION]: 'b', [HANDLED_ANNOTATION]: 'b' })
  })

  test.each([
    ['is not there', undefined],
    ['is nonsense', 'yesterday'],
    ['is to come', new Date(NOW_MS + 1).toISOString()]
  ])('when its step began %s: it begins now', (_how, since) => {
    const annotations = since === undefined ? {} : { [SINCE_ANNOTATION]: since }
    const { write, dueMs } = planKeys(
      { data: { current: base64(1), next: base64(2) }, annotations },
      context()
    )
    expect(write).toMatchObject({ change: 'rotation resumed', notes: { sinceMs: NOW_MS } })
    expect(dueMs).toBe(STEP_MS)
  })

  test('says when its next step is due', () => {
    const annotations = { [SINCE_ANNOTATION]: new Date(NOW_MS - 20_000).toISOString() }
    const stored = { data: { current: base64(1), previous: base64(2) }, annotations }
    expect(planKeys(stored, context())).toEqual({ write: undefined, dueMs: 40_000 })
  })
})

test('annotations of others stay', () => {
  expect(withNotes({ a: 'b', [SINCE_ANNOTATION]: 'c' }, { handled: undefined, sinceMs: undefined })).toEqual({
    a: 'b'
  })
})
