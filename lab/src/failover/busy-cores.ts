import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Gives each core work of its own, until it is stopped. */
export class BusyCores {
  #children: readonly ChildProcess[] = []

  start(): void {
    // As pods have it: where the CPU is shared by sessions, what is busy has another one.
    const options = { stdio: 'ignore', detached: true } as const
    this.#children = Array.from({ length: availableParallelism() }, () =>
      spawn('sh', ['-c', 'while :; do :; done'], options)
    )
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    this.#children = []
  }
}
