import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from './errors.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

test('what is written is read back, whatever the order of the fields', () => {
  const field = fc.oneof(
    fc.record({ width: fc.constant(8), value: fc.bigInt(0n, 0xffn) }),
    fc.record({ width: fc.constant(16), value: fc.bigInt(0n, 0xffffn) }),
    fc.record({ width: fc.constant(32), value: fc.bigInt(0n, 0xffff_ffffn) }),
    fc.record({ width: fc.constant(64), value: fc.bigInt(0n, (1n << 64n) - 1n) })
  )
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const writer = new Writer(new Uint8Array(fields.length * 8))
      for (const { width, value } of fields) {
        if (width === 8) writer.uint8(Number(value))
        else if (width === 16) writer.uint16(Number(value))
        else if (width === 32) writer.uint32(Number(value))
        else writer.uint64(value)
      }
      const reader = new Reader(writer.written())
      const readBack = fields.map(({ width }) => {
        if (width === 8) return BigInt(reader.uint8())
        if (width === 16) return BigInt(reader.uint16())
        return width === 32 ? BigInt(reader.uint32()) : reader.uint64()
      })
      expect(readBack).toEqual(fields.map(({ value }) => value))
      expect(reader.remaining).toBe(0)
    })
  )
})

test('a read past the end throws WireError, and moves nothing', () => {
  const reader = new Reader(new Uint8Array(3))
  for (const read of [
    () => reader.uint32(),
    () => reader.uint64(),
    () => reader.bytes(4),
    () => reader.sub(4),
    () => reader.skip(-1),
    () => reader.skip(Number.NaN),
    () => reader.skip(0.5)
  ]) {
    expect(read).toThrow(expect.objectContaining({ code: 'ERR_WIRE_BOUNDS', reason: 'truncated', offset: 0 }))
  }
  expect(reader.remaining).toBe(3)
})

test('a view of part of a buffer stays within its part', () => {
  const whole = Uint8Array.from({ length: 16 }, (_, i) => i)
  const reader = new Reader(whole.subarray(4, 8))
  expect(reader.uint8()).toBe(4)
  expect(reader.sub(1).rest()).toEqual(Uint8Array.of(5))
  expect(reader.rest()).toEqual(Uint8Array.of(6, 7))
  expect(() => reader.uint8()).toThrow(WireError)
})

test.each([
  ['uint8 of 256', (writer: Writer) => writer.uint8(256), 'value'],
  ['uint16 of -1', (writer: Writer) => writer.uint16(-1), 'value'],
  ['uint32 of 1.5', (writer: Writer) => writer.uint32(1.5), 'value'],
  ['uint64 of 2^64', (writer: Writer) => writer.uint64(1n << 64n), 'value'],
  ['five bytes', (writer: Writer) => writer.bytes(new Uint8Array(5)), 'overflow'],
  ['five zeros', (writer: Writer) => writer.zeros(5), 'overflow'],
  ['a patch of what was not written', (writer: Writer) => writer.patchUint16(0, 1), 'overflow']
])('%s in a buffer of four bytes is refused', (_, write, reason) => {
  const target = new Uint8Array(4)
  expect(() => write(new Writer(target))).toThrow(expect.objectContaining({ reason }))
  expect(target).toEqual(new Uint8Array(4))
})

test('a length can be filled in when it is known', () => {
  const writer = new Writer(new Uint8Array(8)).uint16(0).zeros(3)
  expect(writer.patchUint16(0, writer.offset).written()).toEqual(Uint8Array.of(0, 5, 0, 0, 0))
})
