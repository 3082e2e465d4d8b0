import { repositoryRoot } from '../inside.ts'
import type { DemoOptions } from '../options.ts'
import { tell } from '../tell.ts'
import { describeThingsToTryInMemory } from '../things-to-try.ts'
import { MemoryStage } from './stage.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The same story where there are no namespaces. */
export async function tellInMemory(options: DemoOptions): Promise<number> {
  const abort = new AbortController()
  const stop = (): void => abort.abort()
  for (const signal of SIGNALS) process.on(signal, stop)
  process.on('disconnect', stop)
  const stage = new MemoryStage(repositoryRoot())
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
