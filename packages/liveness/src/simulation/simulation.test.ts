import { describe, expect, test } from 'vitest'
import { Simulation } from './simulation.ts'

describe('a simulation', () => {
  test('that keeps no events goes as one that does', () => {
    const [kept, dropped] = [true, false].map((keepsEvents) => {
      const simulation = new Simulation({ count: 5, seed: 1, conditions: { loss: 0.2 }, keepsEvents })
      simulation.run(2000)
      simulation.crash('m0')
      simulation.run(2000)
      return simulation
    })
    expect(dropped?.traffic).toEqual(kept?.traffic)
    expect(dropped?.allHold('m0', 'dead')).toBe(true)
    expect(kept?.events).not.toEqual([])
    expect(dropped?.events).toEqual([])
  })
})
