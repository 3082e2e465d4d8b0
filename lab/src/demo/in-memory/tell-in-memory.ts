import { repositoryRoot } from '../inside.ts'
import type { DemoOptions } from '../options.ts'
import { tell } from '../tell.ts'
import { describeThingsToTryInMemory } from '../things-to-try.ts'
import { MemoryStage } from './stage.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Signals that come closer together than this are one wish: npm and the terminal send the same one. */
const SAME_WISH_MS = 1000

/** The same story where there are no namespaces. The first signal ends it in order, a later one at once. */
export async function tellInMemory(options: DemoOptions): Promise<number> {
  const abort = new AbortController()
  const stage = new MemoryStage({ root: repositoryRoot(), signal: abort.signal })
  let firstAtMs: number | undefined
  const stop = (): void => {
    const nowMs = performance.now()
    firstAtMs ??= nowMs
    if (nowMs - firstAtMs > SAME_WISH_MS) stage.kill()
    abort.abort()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  process.on('disconnect', stop)
  // Nobody reads any more; what is still written must not end us before all is cleaned up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => abort.abort())
  const status = await tell({
    stage,
    options,
    signal: abort.signal,
    ready: () => {
      process.stdout.write(describeThingsToTryInMemory(stage.kubeconfigFile))
      return Promise.resolve()
    },
    explain: async () => stage.explainFailure()
  })
  if (process.connected) process.disconnect()
  for (const signal of SIGNALS) process.off(signal, stop)
  return status
}
