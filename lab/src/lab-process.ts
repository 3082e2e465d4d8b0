import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'

export interface LabProcessOptions {
  readonly name: string
  /** Words before the command, as those that enter a namespace. */
  readonly prefix?: readonly string[]
  readonly script: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Standard output and standard error go here, one after the other. */
  readonly logFile: string
}

/** One of our Node programs, run as a child: its log, its messages, and an end that is waited for. */
export class LabProcess {
  readonly name: string
  readonly #options: LabProcessOptions
  #child: ChildProcess | undefined
  #log: WriteStream | undefined
  #exited: Promise<unknown> = Promise.resolve()

  constructor(options: LabProcessOptions) {
    this.name = options.name
    this.#options = options
  }

  /** Process id in the namespace of the caller; `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  start(): void {
    const { prefix = [], script, args = [], env = {}, logFile } = this.#options
    const launch = launchOf(script)
    const [program = process.execPath, ...words] = [
      ...prefix,
      process.execPath,
      ...process.execArgv,
      ...launch.flags,
      script,
      ...args
    ]
    this.#log = createWriteStream(logFile, { flags: 'a' })
    // A group of its own: Ctrl-C on the terminal is for the story, which ends its processes in order.
    const child = spawn(program, words, {
      env: { ...process.env, ...launch.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true
    })
    child.stdout?.pipe(this.#log, { end: false })
    child.stderr?.pipe(this.#log, { end: false })
    this.#child = child
    this.#exited = once(child, 'exit')
  }

  /**
   * Resolves with the first line of standard output, or message, that `isWanted` likes.
   *
   * @throws Error if the process ends before that, or `timeoutMs` pass.
   */
  async waitFor(isWanted: (said: unknown) => boolean, timeoutMs: number): Promise<void> {
    const child = this.#child
    if (child?.stdout === undefined || child.stdout === null) throw new Error(`${this.name} was not started`)
    const lines = createInterface({ input: child.stdout })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const hear = (said: unknown): void => {
      if (isWanted(said)) resolve()
    }
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void =>
      reject(new Error(`${this.name} ended (${signal ?? code}) before it was ready; see its log`))
    const timer = setTimeout(
      () => reject(new Error(`${this.name} was not ready within ${timeoutMs} ms; see its log`)),
      timeoutMs
    )
    lines.on('line', hear)
    child.on('message', hear)
    child.once('exit', onExit)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      child.off('message', hear)
      child.off('exit', onExit)
      lines.close()
      // Closing pauses the stream, and a program whose output nobody takes stands still.
      child.stdout.resume()
    }
  }

  /** {@link waitFor} the log line of a binary that has this message. */
  async waitForLog(message: string, timeoutMs = 60_000): Promise<void> {
    await this.waitFor((said) => typeof said === 'string' && said.includes(`"msg":"${message}"`), timeoutMs)
  }

  /** Calls `handler` with each message of the process, until it ends. */
  onMessage(handler: (message: unknown) => void): void {
    this.#child?.on('message', handler)
  }

  send(message: Record<string, unknown>): void {
    if (this.#child?.connected === true) this.#child.send(message)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Resolves when the process has ended. */
  async exited(): Promise<void> {
    await this.#exited
  }

  /** Asks it to end, and insists after `graceMs`. */
  async stop(graceMs = 5000): Promise<void> {
    if (this.isRunning) {
      const insist = setTimeout(() => this.#child?.kill('SIGKILL'), graceMs)
      this.#child?.kill('SIGTERM')
      await this.#exited
      clearTimeout(insist)
    }
    this.#log?.end()
  }
}

interface Launch {
  readonly env: Readonly<Record<string, string>>
  readonly flags: readonly string[]
}

/** What the first line of a program asks for: `#!/usr/bin/env -S NAME=VALUE node --flag`. */
function launchOf(script: string): Launch {
  const [first = ''] = readFileSync(script, 'utf8').split('\n', 1)
  const words = /^#!\S+ -S (.*)$/.exec(first)?.[1]?.split(' ') ?? []
  const settings = words.flatMap((word): [string, string][] => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(word) ?? []
    return name === undefined || value === undefined ? [] : [[name, value]]
  })
  return { env: Object.fromEntries(settings), flags: words.filter((word) => word.startsWith('--')) }
}
