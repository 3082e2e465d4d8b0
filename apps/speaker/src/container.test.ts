import { readFileSync } from 'node:fs'
import { TestCluster } from '@clarion-lb/runtime/testing'
import type { InjectionToken } from 'tsyringe'
import { describe, expect, test } from 'vitest'
import { SpeakerBench } from '../test/speaker-bench.ts'
import { createContainer } from './container.ts'
import * as tokens from './tokens.ts'

describe('the container', () => {
  test('resolves every token, to one and the same object each', async () => {
    const { root } = await SpeakerBench.create(await TestCluster.start({ crds: [] }))
    const all: readonly InjectionToken<unknown>[] = Object.values(tokens)
    for (const token of all) {
      const resolved = root.resolve(token)
      expect(resolved).toBeDefined()
      expect(root.resolve(token)).toBe(resolved)
    }
  })

  test('has no metric that is not in docs/reference/metrics.md', async () => {
    const { root } = await SpeakerBench.create(await TestCluster.start({ crds: [] }))
    for (const token of Object.values(tokens)) root.resolve<unknown>(token)
    const text = readFileSync(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8')
    const names = root
      .resolve(tokens.METRICS)
      .registry.getMetricsAsArray()
      .map(({ name }) => name)
    expect(names.length).toBeGreaterThan(20)
    expect(names.filter((name) => !/^(nodejs|process)_/.test(name) && !text.includes(`\`${name}\``))).toEqual(
      []
    )
  })

  test('makes the real plane, which does nothing before it is started', async () => {
    const { root } = await SpeakerBench.create(await TestCluster.start({ crds: [] }))
    const real = createContainer()
    real.register(tokens.SETTINGS, { useValue: root.resolve(tokens.SETTINGS) })
    real.register(tokens.LOG, { useValue: root.resolve(tokens.LOG) })
    real.register(tokens.CLIENT, { useValue: root.resolve(tokens.CLIENT) })
    await expect(real.resolve(tokens.PLANE).stop()).resolves.toBeUndefined()
  })

  test('of a speaker that was never started can be stopped', async () => {
    const speaker = await SpeakerBench.create(await TestCluster.start({ crds: [] }))
    await expect(speaker.stop()).resolves.toBeUndefined()
  })
})
