import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export interface DaemonOptions {
  readonly name: string
  /** The program and its arguments, after the words that enter a namespace. */
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** All that it says, one life after the other. */
  readonly logFile: string
}

/** Thrown when a program ends, or time is up, before it can be used. It holds the end of the program's log. */
export class DaemonError extends Error {
  override readonly name = 'DaemonError'
  readonly code = 'ERR_LAB_DAEMON'
  readonly log: string

  constructor(message: string, log: string, options?: ErrorOptions) {
    super(`${message}; the end of its log:\n${log}`, options)
    this.log = log
  }
}

const LOG_TAIL_CHARACTERS = 3000
const POLL_MS = 25

/** A program of the cluster. It ends with us, however we end. */
export class Daemon {
  readonly name: string
  readonly #options: DaemonOptions
  #child: ChildProcess | undefined
  #exited: Promise<unknown> = Promise.resolve()

  constructor(options: DaemonOptions) {
    this.name = options.name
    this.#options = options
  }

  /** `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.isRunning ? this.#child?.pid : undefined
  }

  get isRunning(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  start(): void {
    const { command, env = {}, logFile } = this.#options
    const log = openSync(logFile, 'a')
    try {
      this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
        env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, ...env },
        stdio: ['ignore', log, log],
        // A group of its own: Ctrl-C on the terminal is for us, and we end our programs in order.
        detached: true
      })
    } finally {
      closeSync(log)
    }
    this.#exited = once(this.#child, 'exit')
    this.#exited.catch(() => undefined)
  }

  /**
   * Resolves when `isReady` says so; it is asked again and again, and an exception counts as no.
   *
   * @throws {@link DaemonError} if the program ends before, or `timeoutMs` pass
   */
  async waitUntil(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    let last: unknown
    const ask = async (): Promise<boolean> =>
      isReady().catch((error: unknown) => {
        last = error
        return false
      })
    while (!(await ask())) {
      if (!this.isRunning)
        throw new DaemonError(`${this.name} ended before it was ready`, await this.logTail())
      if (performance.now() > deadline) {
        const message = `${this.name} was not ready within ${timeoutMs} ms`
        throw new DaemonError(message, await this.logTail(), { cause: last })
      }
      await sleep(POLL_MS)
    }
  }

  async logTail(): Promise<string> {
    const said = await readFile(this.#options.logFile, 'utf8').catch(() => '')
    return said.slice(-LOG_TAIL_CHARACTERS)
  }

  /** Resolves when it has ended. */
  async exited(): Promise<void> {
    await this.#exited
  }

  /** Ends it at once, and resolves when it has ended. */
  async crash(): Promise<void> {
    if (!this.isRunning) return
    this.#child?.kill('SIGKILL')
    await this.#exited
  }

  /** Stops it where it stands, as a machine that hangs; `SIGCONT` lets it go on. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }
}
