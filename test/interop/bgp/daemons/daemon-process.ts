import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Namespace } from '../../support/namespace.ts'

/** As an administrator's shell has it. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }
const LOG_LIMIT = 64 * 1024
const STOP_TIMEOUT_MS = 5000
const START_TIMEOUT_MS = 20_000
const START_INTERVAL_MS = 50

/** A foreign program inside a namespace, which it does not outlive: neither us, even if we are killed. */
export class DaemonProcess {
  readonly #child: ChildProcess
  readonly #watchdog: ChildProcess
  #log = ''

  constructor(namespace: Namespace, program: string, ...args: readonly string[]) {
    const command = ['-t', String(namespace.pid), '-n', program, ...args]
    this.#child = spawn('nsenter', command, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
    // Daemons change their user, and with it the wish to die with us is lost: a pipe of ours that breaks is not.
    const script = 'read -r _; kill -KILL "$0"'
    this.#watchdog = spawn('sh', ['-c', script, String(this.#child.pid)], {
      stdio: ['pipe', 'ignore', 'ignore']
    })
    const keep = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-LOG_LIMIT)
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.#child.once('exit', () => this.#watchdog.kill('SIGKILL'))
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get log(): string {
    return this.#log
  }

  /** To it and its children. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    const { pid } = this.#child
    if (pid === undefined || !this.isRunning) return
    for (const each of [pid, ...childrenOf(pid)]) process.kill(each, signal)
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return
    this.signal('SIGCONT')
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
  }
}

/** Runs an operator's command to its end. @throws with what it printed, if it fails */
export async function runCommand(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { env: ENVIRONMENT, maxBuffer: 1 << 24 })
  return stdout
}

/** Waits until a daemon answers its operator. @throws with its log, if it ends or does not */
export async function untilAnswered(process: DaemonProcess, ask: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (;;) {
    try {
      await ask()
      return
    } catch (cause) {
      if (!process.isRunning || performance.now() > deadline)
        throw new Error(`the daemon does not come up:\n${process.log}`, { cause })
    }
    await new Promise((resolve) => {
      setTimeout(resolve, START_INTERVAL_MS)
    })
  }
}

/** A directory for files and sockets of a daemon. */
export async function createDirectory(id: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `clarion-${id}-`))
}

export async function removeDirectory(directory: string): Promise<void> {
  // A daemon that was never started has none.
  if (directory !== '') await rm(directory, { recursive: true, force: true })
}

function childrenOf(pid: number): readonly number[] {
  try {
    const words = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    return words.filter((word) => word !== '').map(Number)
  } catch {
    return []
  }
}
