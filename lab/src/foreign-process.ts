import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'

export interface ForeignProcessOptions {
  readonly name: string
  /** The program and its arguments, after the words that enter a namespace. */
  readonly command: readonly string[]
  /** Standard output and standard error go here, one after the other. */
  readonly logFile: string
}

const STOP_TIMEOUT_MS = 5000

/** A program that is not ours, as a router's daemon: its log, what it says, and an end that is waited for. */
export class ForeignProcess {
  readonly name: string
  readonly #options: ForeignProcessOptions
  #child: ChildProcess | undefined
  #log: WriteStream | undefined
  #exited: Promise<unknown> = Promise.resolve()

  constructor(options: ForeignProcessOptions) {
    this.name = options.name
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** `onOutput` is called for each piece of standard output. */
  start(onOutput: () => void = () => undefined): void {
    const { command, logFile } = this.#options
    const [program = 'true', ...args] = command
    const log = createWriteStream(logFile, { flags: 'a' })
    this.#log = log
    // A group of its own: Ctrl-C on the terminal is for the story, which ends its processes in order.
    const child = spawn(program, args, {
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true
    })
    // A program that is not there ends without having begun.
    child.on('error', (error) => log.write(`${error.message}\n`))
    child.stdout.pipe(log, { end: false })
    child.stdout.on('data', onOutput)
    child.stderr.pipe(log, { end: false })
    this.#child = child
    this.#exited = once(child, 'close')
    this.#exited.catch(() => undefined)
  }

  /** To its process alone. */
  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Asks it to end, and insists after 5 s. */
  async stop(): Promise<void> {
    if (this.isRunning) {
      const insist = setTimeout(() => this.kill('SIGKILL'), STOP_TIMEOUT_MS)
      this.kill('SIGTERM')
      await this.#exited
      clearTimeout(insist)
    }
    this.#log?.end()
  }
}
