import type { DemoOptions } from './options.ts'
import { createRenderer } from './render.ts'
import { type DemoReport, isSuccess, type Stage, tellStory } from './story.ts'

/** The Services of `examples/demo` that no pool can satisfy. */
const UNSATISFIABLE = ['out-of-reach']

export interface TellOptions {
  readonly stage: Stage
  readonly options: DemoOptions
  readonly signal: AbortSignal
  /** Called when the story has been told and the stage stays up for a person. */
  readonly ready: () => Promise<void>
  /** What a person would look at after a failure. */
  readonly explain: () => Promise<string>
}

/** Tells the story on a stage, in the form that was asked for, and clears the stage whatever happens. */
export async function tell({ stage, options, signal, ready, explain }: TellOptions): Promise<number> {
  // With --json standard output is the document's alone.
  const renderer = options.json ? undefined : createRenderer(process.stdout)
  if (!options.json) process.stdout.write(`Clarion demo: ${stage.description}\n\n`)
  let report: DemoReport | undefined
  try {
    report = await tellStory(stage, (event) => renderer?.show(event), signal)
    renderer?.end()
    if (!options.once) {
      await ready()
      await aborted(signal)
    }
  } catch (error) {
    renderer?.end()
    if (!signal.aborted)
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${await explain()}`)
  } finally {
    if (!options.once) process.stdout.write('\ncleaning up …\n')
    await stage.stop().catch((error: unknown) => process.stderr.write(`cleaning up: ${String(error)}\n`))
  }
  if (signal.aborted) return options.once || report === undefined ? 130 : 0
  if (report === undefined) return 1
  if (options.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  const isGood = isSuccess(report, stage, UNSATISFIABLE)
  if (!isGood) process.stderr.write(await explain())
  return isGood ? 0 : 1
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true })
  })
}
