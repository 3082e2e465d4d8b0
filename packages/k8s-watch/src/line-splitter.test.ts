import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('LineSplitter', () => {
  test('gives the same lines however the stream is chopped, inside a character too', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\n', ' '))
    fc.assert(
      fc.property(
        fc.array(line),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (lines, sizes) => {
          const stream = bytes(lines.map((text) => `${text}\n`).join(''))
          const splitter = new LineSplitter(1000)
          const got: string[] = []
          for (let at = 0, turn = 0; at < stream.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1
            got.push(...splitter.push(stream.subarray(at, at + size)))
            at += size
          }
          expect(got).toEqual(lines.filter((text) => text !== ''))
          expect(splitter.pendingBytes).toBe(0)
        }
      )
    )
  })

  test('keeps a line back until its end arrives, and says how much it holds', () => {
    const splitter = new LineSplitter(100)
    expect(splitter.push(bytes('one\ntw'))).toEqual(['one'])
    expect(splitter.pendingBytes).toBe(2)
    expect(splitter.push(bytes('o\n'))).toEqual(['two'])
    expect(splitter.pendingBytes).toBe(0)
  })

  test('a line of the longest length passes, a longer one throws, whether it has an end or not', () => {
    expect(new LineSplitter(3).push(bytes('abc\n'))).toEqual(['abc'])
    expect(() => new LineSplitter(3).push(bytes('abcd\n'))).toThrow(RangeError)
    const splitter = new LineSplitter(3)
    splitter.push(bytes('ab'))
    expect(() => splitter.push(bytes('cd'))).toThrow(RangeError)
  })
})
