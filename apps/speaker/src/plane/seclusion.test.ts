import { describe, expect, test } from 'vitest'
import { SeclusionWatch } from './seclusion.ts'

const TAKE_BACK_MS = 5000

function watch(): SeclusionWatch {
  return new SeclusionWatch(TAKE_BACK_MS)
}

describe('with a gateway that ever answered', () => {
  function lonely(): SeclusionWatch {
    const one = watch()
    one.gatewayAnswered(0)
    one.update(true, true, 60_000)
    return one
  }

  test('who hears nobody is the last one if it answers', () => {
    const one = lonely()
    expect(one.at(60_000)).toBe('checking')
    one.gatewayAnswered(60_001)
    expect(one.at(60_001)).toBe('alone')
  })

  test('… and cut off if it does not, within 300 ms', () => {
    const one = lonely()
    expect(one.at(60_299)).toBe('checking')
    expect(one.dueMs(60_000)).toBe(60_300)
    expect(one.at(60_300)).toBe('cutOff')
  })

  test('whose gateway is silent later is cut off, too', () => {
    const one = lonely()
    one.gatewayAnswered(60_001)
    expect([one.at(61_900), one.at(62_100)]).toEqual(['alone', 'cutOff'])
  })

  test('a gateway that comes back first is believed after a while', () => {
    const one = lonely()
    one.at(60_300)
    for (let nowMs = 70_000; nowMs < 70_000 + TAKE_BACK_MS; nowMs += 500) {
      one.gatewayAnswered(nowMs)
      expect(one.at(nowMs)).toBe('cutOff')
    }
    one.gatewayAnswered(70_000 + TAKE_BACK_MS)
    expect(one.at(70_000 + TAKE_BACK_MS)).toBe('alone')
  })

  test('it is asked in a hurry at first, then twice a second', () => {
    const one = lonely()
    const times: number[] = []
    for (let nowMs = 60_000; nowMs < 61_500; nowMs += 1)
      if (nowMs >= one.probeDueMs) {
        times.push(nowMs - 60_000)
        one.probed(nowMs)
      }
    expect(times).toEqual([0, 40, 80, 120, 160, 200, 240, 280, 320, 820, 1320])
  })
})

describe('without a gateway', () => {
  test('who lost the others one by one is the last one', () => {
    const one = watch()
    one.update(true, true, 1000)
    expect(one.at(1000)).toBe('alone')
  })

  test('who lost several at once is cut off, until it has been so for ten seconds', () => {
    const one = watch()
    one.update(true, false, 1000)
    expect([one.at(1000), one.at(10_999), one.at(11_000)]).toEqual(['cutOff', 'cutOff', 'alone'])
  })
})

test('who hears others again is connected, whatever the gateway does', () => {
  const one = watch()
  one.update(true, false, 1000)
  one.at(1000)
  one.update(false, false, 2000)
  expect([one.at(2000), one.dueMs(2000)]).toEqual(['connected', Number.POSITIVE_INFINITY])
})
