import { TestCluster } from '@clarion-lb/runtime/testing'
import type { InjectionToken } from 'tsyringe'
import { expect, test } from 'vitest'
import { ControllerBench } from '../test/controller-bench.ts'
import * as tokens from './tokens.ts'

test('every token is resolved, to one and the same object each', async () => {
  const { root } = await ControllerBench.create(await TestCluster.start())
  const all: readonly InjectionToken<unknown>[] = Object.values(tokens)
  for (const token of all) {
    const resolved = root.resolve(token)
    expect(resolved).toBeDefined()
    expect(root.resolve(token)).toBe(resolved)
  }
})

test('a controller that was never started can be stopped', async () => {
  const controller = await ControllerBench.create(await TestCluster.start())
  await expect(controller.stop()).resolves.toBeUndefined()
})
