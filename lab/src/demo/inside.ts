import { dirname, join } from 'node:path'
import { prepareSandbox } from '../sandbox.ts'
import { NamespaceStage } from './namespace-stage.ts'
import type { DemoOptions } from './options.ts'
import { tell } from './tell.ts'

/** Everything of the demo is below this directory, on a file system that only the sandbox sees. */
const SANDBOX_DIRECTORY = '/run/clarion'

/** The part that runs inside the sandbox: its end is told by whoever started it, or by that one's disappearance. */
export async function tellInside(options: DemoOptions): Promise<number> {
  const abort = new AbortController()
  const stop = (): void => abort.abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('disconnect', stop)
  process.on('message', stop)
  await prepareSandbox()
  const stage = new NamespaceStage({
    directory: SANDBOX_DIRECTORY,
    root: repositoryRoot(),
    ...(options.router === undefined ? {} : { router: options.router })
  })
  const status = await tell({
    stage,
    options,
    signal: abort.signal,
    ready: async () => {
      await stage.cluster.openApiSocket(`${SANDBOX_DIRECTORY}/api.sock`)
      process.send?.({ type: 'ready', kubeconfig: stage.cluster.kubeconfigFile, router: stage.router.kind })
    },
    explain: async () => stage.explainFailure()
  })
  if (process.connected) process.disconnect()
  return status
}

/** From `lab/{src,dist}/demo`. */
export function repositoryRoot(): string {
  return join(dirname(import.meta.filename), '..', '..', '..')
}
