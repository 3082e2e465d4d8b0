import { readFileSync } from 'node:fs'
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

test('every metric is in docs/reference/metrics.md', async () => {
  const { root } = await ControllerBench.create(await TestCluster.start())
  for (const token of Object.values(tokens)) root.resolve<unknown>(token)
  const text = readFileSync(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8')
  const names = root
    .resolve(tokens.METRICS)
    .registry.getMetricsAsArray()
    .map(({ name }) => name)
  expect(names.length).toBeGreaterThan(10)
  expect(names.filter((name) => !/^(nodejs|process)_/.test(name) && !text.includes(`\`${name}\``))).toEqual(
    []
  )
})

test('a controller that was never started can be stopped', async () => {
  const controller = await ControllerBench.create(await TestCluster.start())
  await expect(controller.stop()).resolves.toBeUndefined()
})
