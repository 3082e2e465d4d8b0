import { expect, test } from 'vitest'
import { Detection } from './detection.ts'
import { VirtualClock } from './fixtures/virtual-clock.ts'
import { TimerQueue } from './timer-queue.ts'

interface Scene {
  readonly clock: VirtualClock
  readonly detection: Detection
  /** What lies in the socket when the timer is due; `true` is a packet. */
  readonly waiting: boolean[]
  readonly expiredAtMs: number[]
}

test('silence is noticed when the detection time is over, once', () => {
  const { clock, expiredAtMs } = scene()
  clock.advance(149)
  expect(expiredAtMs).toEqual([])
  clock.advance(500)
  expect(expiredAtMs).toEqual([150])
})

test('each packet starts the time anew', () => {
  const { clock, detection, expiredAtMs } = scene()
  for (let i = 0; i < 10; i += 1) {
    clock.advance(100)
    detection.heard()
  }
  clock.advance(1000)
  expect(expiredAtMs).toEqual([1150])
})

test.each([
  ['before the timer', [true]],
  ['only in the next round of the event loop', [false, true]]
])(
  'a packet that waits to be read is a sign of life, though the timer is called first: read %s',
  (_, waiting) => {
    const { clock, expiredAtMs, ...rest } = scene()
    rest.waiting.push(...waiting)
    clock.advance(299)
    expect(expiredAtMs).toEqual([])
    clock.advance(1)
    expect(expiredAtMs).toEqual([300])
  }
)

test('a shorter time counts from the next packet', () => {
  const { clock, detection, expiredAtMs } = scene()
  detection.setTime(30)
  clock.advance(20)
  detection.heard()
  clock.advance(100)
  expect(expiredAtMs).toEqual([50])
})

test.each(['close', 'setTime'] as const)(
  'nothing comes after %s, not even while silence is confirmed',
  (end) => {
    const { clock, detection, expiredAtMs, waiting } = scene()
    clock.after(150, () => (end === 'close' ? detection.close() : detection.setTime(undefined)))
    clock.advance(1000)
    expect([expiredAtMs, waiting, clock.pending]).toEqual([[], [], 0])
  }
)

function scene(): Scene {
  const clock = new VirtualClock()
  const waiting: boolean[] = []
  const expiredAtMs: number[] = []
  const detection: Detection = new Detection({
    clock,
    timers: new TimerQueue(clock),
    drain: () => {
      if (waiting.shift() === true) detection.heard()
    },
    onExpired: () => {
      expiredAtMs.push(clock.now())
      detection.setTime(undefined)
    }
  })
  detection.setTime(150)
  detection.heard()
  return { clock, detection, waiting, expiredAtMs }
}
