import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { speakerLaunch } from './binaries.ts'
import type { MemberOptions, MemberState, ToldDeath } from './liveness-member.ts'
import { costOf } from './process-cost.ts'

export interface GroupOptions {
  readonly count: number
  /** That they are spread over; the first member has one to itself. */
  readonly processes: number
  readonly periodMs: number
}

/** What a member costs. */
export interface MemberLoad {
  /** Processor time of one core, in hundredths. */
  readonly cpuPercent: number
  readonly bytesPerS: number
  readonly datagramsPerS: number
}

const FIRST_PORT = 20_000
const CONVERGE_TIMEOUT_MS = 120_000
const POLL_MS = 50

/** Members of a failure detector in processes of their own, over real sockets. */
export class MemberGroup {
  readonly #options: GroupOptions
  readonly #processes: { readonly ids: readonly string[]; child: ChildProcess }[]

  constructor(options: GroupOptions) {
    this.#options = options
    const ids = Array.from({ length: options.count }, (_, i) => `m${i}`)
    const [first = '', ...others] = ids
    const shares = Array.from({ length: options.processes - 1 }, (_, i) =>
      others.filter((_id, j) => j % (options.processes - 1) === i)
    )
    this.#processes = [[first], ...shares].map((own) => ({ ids: own, child: this.#spawn(own) }))
  }

  /** Resolves when everybody holds everybody to be alive. @throws when that takes too long */
  async converge(): Promise<void> {
    const deadlineMs = performance.now() + CONVERGE_TIMEOUT_MS
    for (;;) {
      const states = await this.#states(this.#processes)
      if (states.every(({ leastAlive }) => leastAlive === this.#options.count - 1)) return
      if (performance.now() > deadlineMs) {
        const least = Math.min(...states.map(({ leastAlive }) => leastAlive))
        throw new Error(`of ${this.#options.count} members one holds only ${least} to be alive`)
      }
      await sleep(POLL_MS)
    }
  }

  /** What a member costs, over so many milliseconds in which nothing happens. */
  async measure(durationMs: number): Promise<MemberLoad> {
    const sum = async (): Promise<{ cpuS: number; bytes: number; datagrams: number; atMs: number }> => {
      const costs = await Promise.all(this.#processes.map(({ child }) => costOf(child.pid ?? -1)))
      const states = await this.#states(this.#processes)
      return {
        cpuS: costs.reduce((total, { cpuS }) => total + cpuS, 0),
        bytes: states.reduce((total, { bytesSent }) => total + bytesSent, 0),
        datagrams: states.reduce((total, { datagramsSent }) => total + datagramsSent, 0),
        atMs: performance.now()
      }
    }
    const before = await sum()
    await sleep(durationMs)
    const after = await sum()
    const memberS = (this.#options.count * (after.atMs - before.atMs)) / 1000
    return {
      cpuPercent: (100 * (after.cpuS - before.cpuS)) / memberS,
      bytesPerS: (after.bytes - before.bytes) / memberS,
      datagramsPerS: (after.datagrams - before.datagrams) / memberS
    }
  }

  /**
   * The first member is gone, and comes back when all know it.
   *
   * @param how `SIGSTOP`: its host does not say so, as if that were gone; `SIGKILL`: its host refuses what comes
   * @returns milliseconds until the last of the others held it to be dead
   */
  async loseFirst(how: 'SIGSTOP' | 'SIGKILL'): Promise<number> {
    const [victim, ...others] = this.#processes
    if (victim === undefined) throw new Error('there is nobody')
    await this.#states(others)
    const startedAtMs = Number(process.hrtime.bigint()) / 1e6
    victim.child.kill(how)
    const deaths = new Map<string, ToldDeath>()
    while (deaths.size < this.#options.count - 1) {
      await sleep(POLL_MS)
      for (const { deaths: told } of await this.#states(others))
        for (const death of told) if (death.id === victim.ids[0]) deaths.set(death.by, death)
    }
    await end(victim.child)
    victim.child = this.#spawn(victim.ids)
    return Math.max(...[...deaths.values()].map(({ atMs }) => atMs)) - startedAtMs
  }

  /** Verdicts since the last time that they were asked for. */
  async takeDeaths(): Promise<readonly ToldDeath[]> {
    return (await this.#states(this.#processes)).flatMap(({ deaths }) => deaths)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map(({ child }) => end(child)))
  }

  #spawn(own: readonly string[]): ChildProcess {
    const { count, periodMs } = this.#options
    const all = Array.from({ length: count }, (_, i) => ({ id: `m${i}`, port: FIRST_PORT + i }))
    const options: MemberOptions = { own, all, periodMs }
    const { env, flags } = speakerLaunch()
    const script = join(import.meta.dirname, 'liveness-member.js')
    return spawn(process.execPath, [...flags, script, JSON.stringify(options)], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // As pods have it: where the CPU is shared by sessions, what is busy has another one.
      detached: true
    })
  }

  async #states(
    processes: readonly { readonly ids: readonly string[]; readonly child: ChildProcess }[]
  ): Promise<readonly MemberState[]> {
    return Promise.all(processes.map(({ child }) => stateOf(child)))
  }
}

async function stateOf(child: ChildProcess): Promise<MemberState> {
  const { promise, resolve, reject } = Promise.withResolvers<MemberState>()
  const onExit = (): void => reject(new Error('a process with members ended by itself'))
  child.once('message', resolve)
  child.once('exit', onExit)
  child.send('tell')
  try {
    return await promise
  } finally {
    child.off('message', resolve)
    child.off('exit', onExit)
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
