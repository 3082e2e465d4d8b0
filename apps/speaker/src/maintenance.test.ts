import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Maintenance } from './maintenance.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const ASKED = { because: 'annotation clarion.io/maintenance' }

interface Seen {
  readonly maintenance: Maintenance
  /** `share withdrawn`, as it changed; `-`: none. */
  readonly told: string[]
}

function create(): Seen {
  const told: string[] = []
  const maintenance = new Maintenance({
    onChange: (node, state) => told.push(`${node} ${textOf(state)}`)
  })
  return { maintenance, told }
}

function textOf(state: ReturnType<Maintenance['update']>): string {
  return state === undefined ? '-' : `${state.yieldedShare}${state.isWithdrawn ? ' withdrawn' : ''}`
}

test('addresses leave in ten portions, 300 ms apart, and routes after one second', () => {
  const { maintenance, told } = create()
  expect(textOf(maintenance.update('a', ASKED, false))).toBe('0')
  vi.advanceTimersByTime(1199)
  expect(told).toEqual(['a 0.1', 'a 0.2', 'a 0.3'])
  vi.advanceTimersByTime(1)
  expect(told.at(-1)).toBe('a 0.4 withdrawn')
  vi.runAllTimers()
  expect(told).toHaveLength(10)
  expect(told.at(-1)).toBe('a 1 withdrawn')
})

test('they come back so, and routes at once', () => {
  const { maintenance, told } = create()
  maintenance.update('a', ASKED, true)
  expect(textOf(maintenance.update('a', undefined, false))).toBe('1')
  vi.advanceTimersByTime(300)
  expect(told).toEqual(['a 0.9'])
  vi.runAllTimers()
  expect(told).toHaveLength(10)
  expect(told.at(-1)).toBe('a -')
  expect(maintenance.update('a', undefined, false)).toBeUndefined()
})

test('a node that turns round midway goes back from there', () => {
  const { maintenance, told } = create()
  maintenance.update('a', ASKED, false)
  vi.advanceTimersByTime(600)
  maintenance.update('a', undefined, false)
  vi.runAllTimers()
  expect(told).toEqual(['a 0.1', 'a 0.2', 'a 0.1', 'a -'])
})

test('who turns round before the first step stays where it was', () => {
  const { maintenance, told } = create()
  maintenance.update('a', ASKED, false)
  expect(maintenance.update('a', undefined, false)).toBeUndefined()
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual([])
  maintenance.update('b', ASKED, true)
  maintenance.update('b', undefined, false)
  expect(textOf(maintenance.update('b', ASKED, false))).toBe('1 withdrawn')
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual([])
})

test('a node that was in maintenance when it came to be known has given up all', () => {
  const { maintenance, told } = create()
  expect(textOf(maintenance.update('a', ASKED, true))).toBe('1 withdrawn')
  vi.runAllTimers()
  expect(told).toEqual([])
})

test.each(['forget', 'stop'] as const)('%s leaves no timer behind', (how) => {
  const { maintenance, told } = create()
  maintenance.update('a', ASKED, false)
  maintenance[how]('a')
  expect(vi.getTimerCount()).toBe(0)
  vi.runAllTimers()
  expect(told).toEqual([])
})

test('the patience is that of the other times', () => {
  const told: unknown[] = []
  const maintenance = new Maintenance({ onChange: (_node, state) => told.push(state), patience: 3 })
  maintenance.update('a', ASKED, false)
  vi.advanceTimersByTime(899)
  expect(told).toEqual([])
  vi.advanceTimersByTime(1)
  expect(told).toHaveLength(1)
})
