import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LostInterfaces } from './lost-interfaces.ts'
import type { PlaneInterface } from './plane/messages.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const SETTLE_MS = 5000

function create() {
  const told: string[] = []
  const lost = new LostInterfaces({
    settleMs: SETTLE_MS,
    onChange: (names) => told.push(names.join() || 'none')
  })
  return { lost, told }
}

function fit(name: string, more: Partial<PlaneInterface> = {}): PlaneInterface {
  return { name, unfitBecause: undefined, hasCarrier: true, ...more }
}

test('nothing is told before both the names and the interfaces are known', () => {
  const { lost, told } = create()
  lost.setInterfaces([fit('eth0')])
  expect(told).toEqual([])
  lost.setNamed(['eth0', 'eth1'])
  expect(told).toEqual(['eth1'])
})

test.each([
  ['is down', [fit('eth1', { unfitBecause: 'is down' })]],
  ['has no cable', [fit('eth1', { hasCarrier: false })]],
  ['is not there', []]
])('one that %s is lost at once, and back after a while', (_why, interfaces) => {
  const { lost, told } = create()
  lost.setNamed(['eth1'])
  lost.setInterfaces([fit('eth0'), fit('eth1')])
  lost.setInterfaces([fit('eth0'), ...interfaces])
  expect(told).toEqual(['none', 'eth1'])
  lost.setInterfaces([fit('eth0'), fit('eth1')])
  vi.advanceTimersByTime(SETTLE_MS - 1)
  expect(told).toEqual(['none', 'eth1'])
  vi.advanceTimersByTime(1)
  expect(told).toEqual(['none', 'eth1', 'none'])
})

test('one that comes and goes is lost until it has stayed for so long', () => {
  const { lost, told } = create()
  lost.setNamed(['eth1'])
  for (let i = 0; i < 10; i += 1) {
    lost.setInterfaces([fit('eth1', { hasCarrier: false })])
    lost.setInterfaces([fit('eth1')])
    vi.advanceTimersByTime(SETTLE_MS - 1)
  }
  expect(told).toEqual(['eth1'])
  vi.advanceTimersByTime(1)
  expect(told).toEqual(['eth1', 'none'])
})

test('one that is not named any more is not lost', () => {
  const { lost, told } = create()
  lost.setInterfaces([])
  lost.setNamed(['eth1', 'eth2'])
  lost.setNamed(['eth2'])
  expect(told).toEqual(['eth1,eth2', 'eth2'])
})
