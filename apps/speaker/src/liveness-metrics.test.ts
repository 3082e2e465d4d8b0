import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { LivenessMetrics } from './liveness-metrics.ts'

test('a verdict on a node that was not watched here counts, and says nothing of the time it took', async () => {
  const registry = new Registry()
  const metrics = new LivenessMetrics(registry)
  for (const silentMs of [290, undefined]) {
    const detail = {
      id: 'n2',
      incarnation: 1024,
      accusers: ['n3', 'n4'],
      reason: 'silent',
      silentMs
    } as const
    metrics.onPlaneEvent({ type: 'liveness', event: { type: 'dead', detail } })
  }
  const text = await registry.metrics()
  expect(text).toContain('clarion_liveness_verdicts_total{reason="silent"} 2')
  expect(text).toContain('clarion_liveness_detection_seconds_sum 0.29\n')
  expect(text).toContain('clarion_liveness_detection_seconds_count 1\n')
})
