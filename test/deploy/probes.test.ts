import { Server } from 'node:net'
import { afterwards, TestCluster } from '@clarion-lb/runtime/testing'
import { expect, test, vi } from 'vitest'
import { HEALTH_SERVER } from '../../apps/controller/src/tokens.ts'
import { ControllerBench } from '../../apps/controller/test/controller-bench.ts'
import { freePort } from '../../apps/runtime/test/free-port.ts'

test('the controller answers probes at whatever families its node has: it names no address', async () => {
  const port = await freePort()
  const cluster = await TestCluster.start()
  const { root } = await ControllerBench.create(cluster, { argv: [`--health-probe-port=${port}`] })
  const health = root.resolve(HEALTH_SERVER)
  afterwards(() => health.stop())
  const listens = vi.spyOn(Server.prototype, 'listen')
  afterwards(() => listens.mockRestore())
  await health.start()
  // Node takes 0.0.0.0 where the kernel has no IPv6, if nothing else was asked for.
  expect(listens.mock.calls).toEqual([[{ port }]])
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
})
