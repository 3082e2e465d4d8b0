import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabProcess } from '../../lab-process.ts'

export interface StoryProcessesOptions {
  /** Directory of the repository. */
  readonly root: string
  /** Of this story alone: logs go there, and it is removed by the processes if the story cannot do it any more. */
  readonly directory: string
  /** After it nothing is started. */
  readonly signal: AbortSignal
}

export interface ProcessToStart {
  readonly name: string
  /** Below the root. */
  readonly script: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const LOG_TAIL_CHARACTERS = 3000

/** What the story has started on this host. None of it outlives the story, however that ends. */
export class StoryProcesses {
  readonly #options: StoryProcessesOptions
  readonly #started: LabProcess[] = []

  constructor(options: StoryProcessesOptions) {
    this.#options = options
  }

  start({ name, script, args, env = {} }: ProcessToStart): LabProcess {
    const { root, directory, signal } = this.#options
    signal.throwIfAborted()
    const started = new LabProcess({
      name,
      script: join(root, script),
      args,
      env: { ...env, ...endWithParent(directory) },
      logFile: this.#logFile(name)
    })
    started.start()
    this.#started.push(started)
    return started
  }

  /** In the order of starting reversed: the API server, which was first, is there for the others' good-byes. */
  async stop(): Promise<void> {
    const [first, ...others] = this.#started
    await Promise.all(others.map((one) => one.stop()))
    await first?.stop()
  }

  /** No good-byes: what waits for any of them goes on at once. */
  kill(): void {
    for (const one of this.#started) if (one.isRunning) one.kill('SIGKILL')
  }

  /** The ends of all logs. */
  async tails(): Promise<string> {
    const tails = await Promise.all(
      this.#started.map(async ({ name }) => {
        const text = await readFile(this.#logFile(name), 'utf8').catch(() => '')
        return text === '' ? '' : `--- the end of ${name}'s log\n${text.slice(-LOG_TAIL_CHARACTERS)}\n`
      })
    )
    return tails.join('')
  }

  #logFile(name: string): string {
    return join(this.#options.directory, `${name}.log`)
  }
}

/** Environment of a Node program that ends when its parent is gone, and removes a directory then. */
export function endWithParent(directory: string): Readonly<Record<string, string>> {
  const guard = import.meta.filename.endsWith('.ts')
    ? new URL('./end-with-parent.ts', import.meta.url)
    : new URL('./end-with-parent.js', import.meta.url)
  const options = [process.env['NODE_OPTIONS'] ?? '', `--import=${guard.href}`]
  return {
    NODE_OPTIONS: options.filter((option) => option !== '').join(' '),
    CLARION_DEMO_DIRECTORY: directory
  }
}
