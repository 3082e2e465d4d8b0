import { ForeignProcess } from '../foreign-process.ts'
import { run } from '../shell.ts'

/** Next hops of a route, and since when they are these (milliseconds since the epoch). */
export interface NextHopsSince {
  readonly nextHops: readonly string[]
  readonly atMs: number
}

interface KernelRoute {
  readonly dst: string
  readonly gateway?: string
  readonly via?: { readonly host: string }
  readonly nexthops?: readonly KernelRoute[]
}

export interface KernelRoutesOptions {
  /** Words that enter the namespace. */
  readonly enter: readonly [string, ...string[]]
  /** Changes go here, as `ip monitor` tells of them. */
  readonly logFile: string
}

/** The routing table of a namespace, and when it changes. */
export class KernelRoutes {
  readonly #options: KernelRoutesOptions
  readonly #monitor: ForeignProcess
  readonly #waiting = new Set<() => void>()
  #changedAtMs = now()

  constructor(options: KernelRoutesOptions) {
    this.#options = options
    this.#monitor = new ForeignProcess({
      name: 'ip monitor',
      command: [...options.enter, 'ip', 'monitor', 'route'],
      logFile: options.logFile
    })
  }

  start(): void {
    this.#monitor.start(() => {
      this.#changedAtMs = now()
      for (const wake of this.#waiting) wake()
    })
  }

  async stop(): Promise<void> {
    await this.#monitor.stop()
  }

  /** Where packets for a prefix (`192.0.2.1/32`) are sent, sorted; empty if there is no such route. */
  async nextHopsOf(prefix: string): Promise<readonly string[]> {
    const family = prefix.includes(':') ? '-6' : '-4'
    const [enter, ...words] = this.#options.enter
    return parseNextHops(await run(enter, [...words, 'ip', family, '-json', 'route', 'show', prefix]))
  }

  /** Resolves when `isWanted` likes the next hops of a prefix, or with `undefined` when the signal aborts. */
  async waitFor(
    prefix: string,
    isWanted: (nextHops: readonly string[]) => boolean,
    signal: AbortSignal
  ): Promise<NextHopsSince | undefined> {
    while (!signal.aborted) {
      // A change while the table is read makes it worth another look.
      const changed = this.#nextChange(signal)
      const atMs = this.#changedAtMs
      const nextHops = await this.nextHopsOf(prefix)
      if (isWanted(nextHops)) {
        changed.cancel()
        return { nextHops, atMs }
      }
      await changed.promise
    }
    return undefined
  }

  #nextChange(signal: AbortSignal): { readonly promise: Promise<void>; readonly cancel: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = (): void => {
      this.#waiting.delete(cancel)
      signal.removeEventListener('abort', cancel)
      resolve()
    }
    this.#waiting.add(cancel)
    signal.addEventListener('abort', cancel)
    if (signal.aborted) cancel()
    return { promise, cancel }
  }
}

/** What `ip -json route show PREFIX` says: one next hop, several, or one object for each of them. */
export function parseNextHops(json: string): readonly string[] {
  const routes = JSON.parse(json.trim() || '[]') as readonly KernelRoute[]
  const hops = routes.flatMap((route) => route.nexthops ?? [route])
  return hops.flatMap(({ gateway, via }) => gateway ?? via?.host ?? []).toSorted()
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
