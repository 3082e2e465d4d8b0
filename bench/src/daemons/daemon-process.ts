import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const STOP_TIMEOUT_MS = 5000
const START_TIMEOUT_MS = 30_000
const START_INTERVAL_MS = 50
/** As an administrator's shell has it. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }

/** A foreign program in the foreground, its output in a file. */
export class DaemonProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #log: WriteStream

  /** @param command the program and its arguments, after words that enter a namespace */
  constructor([program = '', ...args]: readonly string[], logFile: string) {
    this.#log = createWriteStream(logFile, { flags: 'a' })
    const child = spawn(program, args, {
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A session of its own, as processes of ours have: the scheduler may share the CPU by sessions.
      detached: true
    })
    child.stdout.pipe(this.#log, { end: false })
    child.stderr.pipe(this.#log, { end: false })
    this.#child = child
    this.#exited = once(child, 'exit')
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Asks it to end, and insists after 5 s. */
  async stop(): Promise<void> {
    if (this.isRunning) {
      const insist = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      this.#child.kill('SIGTERM')
      await this.#exited
      clearTimeout(insist)
    }
    this.#log.end()
  }
}

/** Calls `ask` until it succeeds. @throws its last error, if the daemon ends or does not answer in time */
export async function untilAnswered(daemon: DaemonProcess, ask: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (;;) {
    try {
      await ask()
      return
    } catch (error) {
      if (!daemon.isRunning || performance.now() > deadline) throw error
    }
    await sleep(START_INTERVAL_MS)
  }
}
