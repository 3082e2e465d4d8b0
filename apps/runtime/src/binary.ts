import { KubeClient, type V1Pod } from '@clarion-lb/k8s-watch'
import type { Logger } from 'pino'
import type { COMMON_FLAGS } from './common-flags.ts'
import { FlagError, type FlagTable, type FlagValues, parseFlags } from './flags.ts'
import { runServices, type Service } from './lifecycle.ts'
import { createLog, describeError } from './log.ts'
import { findOwnPod } from './own-pod.ts'

/** What every binary makes of its flags. */
export interface BinarySettings {
  readonly flags: FlagValues<typeof COMMON_FLAGS>
  readonly namespace: string
}

export interface Binary<Table extends FlagTable, Settings extends BinarySettings> {
  readonly name: string
  readonly description: string
  readonly table: Table
  /** Flags that are taken and do nothing. */
  readonly withoutEffect: readonly string[]
  /** @throws FlagError */
  readonly settingsOf: (flags: FlagValues<Table>) => Settings
  /** In the order of starting. */
  readonly createServices: (parts: {
    readonly settings: Settings & { readonly pod: V1Pod | undefined }
    readonly log: Logger
    readonly client: KubeClient
  }) => readonly Service[]
}

/** Runs until it is told to end, and sets the exit status: 0, 1 for a failure, 2 for flags that make no sense. */
export async function runBinary<Table extends FlagTable, Settings extends BinarySettings>(
  binary: Binary<Table, Settings>
): Promise<void> {
  try {
    process.exitCode = await run(binary)
  } catch (error) {
    process.stderr.write(`${binary.name}: ${describeError(error)}\n`)
    process.exitCode = error instanceof FlagError ? 2 : 1
  }
}

async function run<Table extends FlagTable, Settings extends BinarySettings>({
  name,
  description,
  table,
  withoutEffect,
  settingsOf,
  createServices
}: Binary<Table, Settings>): Promise<number> {
  const parsed = parseFlags({ name, description, argv: process.argv.slice(2), env: process.env }, table)
  if (parsed === undefined) return 0
  const settings = settingsOf(parsed.values)
  const log = createLog(settings.flags['log-level'])
  const ignored = withoutEffect.filter((flag) => parsed.given.has(flag)).map((flag) => `--${flag}`)
  if (ignored.length > 0) log.warn({ flags: ignored }, 'flags without effect')
  const client = await KubeClient.load({ kubeconfig: settings.flags.kubeconfig })
  try {
    const pod = await findOwnPod(client, {
      namespace: settings.namespace,
      name: settings.flags['pod-name'],
      onProblem: (error) => log.warn({ error: describeError(error) }, 'own pod not read')
    })
    return await runServices(createServices({ settings: { ...settings, pod }, log, client }), log)
  } finally {
    client.close()
  }
}
