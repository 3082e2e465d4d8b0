import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isInSandbox } from '../sandbox.ts'

/** A directory that is gone with us, even if we are killed. */
export class TemporaryDirectory {
  readonly path: string
  readonly #reaper: ChildProcess

  private constructor(path: string, reaper: ChildProcess) {
    this.path = path
    this.#reaper = reaper
  }

  /** In a sandbox it is in the sandbox's own memory, so that nothing else can be left. */
  static async create(): Promise<TemporaryDirectory> {
    const path = await mkdtemp(join(isInSandbox() ? '/run' : tmpdir(), 'clarion-kubernetes-'))
    // Its standard input ends with us. Programs that die at the same time may still write for a moment.
    const script =
      'cat >/dev/null; for i in 1 2 3 4 5; do rm -rf -- "$0" 2>/dev/null && exit; sleep 0.2; done'
    const reaper = spawn('sh', ['-c', script, path], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    return new TemporaryDirectory(path, reaper)
  }

  async remove(): Promise<void> {
    if (this.#reaper.exitCode !== null || this.#reaper.signalCode !== null) return
    const ended = once(this.#reaper, 'exit')
    this.#reaper.stdin?.end()
    await ended
  }
}
