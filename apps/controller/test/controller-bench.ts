import { parseFlags, type Service } from '@clarion-lb/runtime'
import { afterwards, NAMESPACE, serviceRef, type TestCluster } from '@clarion-lb/runtime/testing'
import type { DependencyContainer } from 'tsyringe'
import { expect } from 'vitest'
import { createContainer } from '../src/container.ts'
import { CONTROLLER_FLAGS } from '../src/flags.ts'
import { settingsOf } from '../src/settings.ts'
import { ALL_SERVICES, CLIENT, ELECTOR, LOG, SETTINGS } from '../src/tokens.ts'

export interface ControllerBenchOptions {
  /** Among the candidates, and part of its user agent. Default `one`. */
  readonly identity?: string
  readonly argv?: readonly string[]
}

/** A whole controller in this process, without ports. */
export class ControllerBench {
  readonly root: DependencyContainer
  readonly #services: readonly Service[]
  readonly #signal = new AbortController()

  private constructor(root: DependencyContainer) {
    this.root = root
    this.#services = root.resolve(ALL_SERVICES)
  }

  /** Everything registered, nothing started. */
  static async create(
    cluster: TestCluster,
    { identity = 'one', argv = [] }: ControllerBenchOptions = {}
  ): Promise<ControllerBench> {
    const given = [
      '--port=0',
      '--health-probe-port=0',
      `--namespace=${NAMESPACE}`,
      '--webhook-mode=disabled',
      ...argv
    ]
    const invocation = { name: 'controller', description: '', argv: given, env: {} }
    const parsed = parseFlags(invocation, CONTROLLER_FLAGS)
    if (parsed === undefined) throw new Error('help was asked for')
    const root = createContainer()
    const settings = { ...settingsOf(parsed.values), identity, pod: undefined }
    root.register(SETTINGS, { useValue: settings })
    root.register(LOG, { useValue: cluster.log })
    root.register(CLIENT, { useValue: await cluster.client(`controller-${identity}`) })
    return new ControllerBench(root)
  }

  static async start(cluster: TestCluster, options: ControllerBenchOptions = {}): Promise<ControllerBench> {
    const bench = await ControllerBench.create(cluster, options)
    afterwards(() => bench.stop())
    for (const service of bench.#services) await service.start(bench.#signal.signal)
    return bench
  }

  /** Starts, and waits until it leads. */
  static async lead(cluster: TestCluster, options: ControllerBenchOptions = {}): Promise<ControllerBench> {
    const led = cluster.logs('leading').length
    const bench = await ControllerBench.start(cluster, options)
    await eventuallyLed(cluster, led + 1)
    return bench
  }

  get isLeader(): boolean {
    return this.root.resolve(ELECTOR).isLeader()
  }

  async stop(): Promise<void> {
    this.#signal.abort()
    for (const service of this.#services.toReversed()) await service.stop()
  }
}

/** Resolves when somebody began to lead that often. */
export async function eventuallyLed(cluster: TestCluster, times: number): Promise<void> {
  await cluster.eventually(() => expect(cluster.logs('leading')).toHaveLength(times))
}

/** The addresses in a Service's status. */
export function addressesOf(cluster: TestCluster, name: string): readonly string[] {
  const text = JSON.stringify(cluster.find(serviceRef(name))?.['status'] ?? {})
  return [...text.matchAll(/"ip":"([^"]+)"/g)].map((match) => match[1] ?? '')
}

/** Resolves when the Services have these addresses. */
export async function eventuallyAddresses(
  cluster: TestCluster,
  wanted: Readonly<Record<string, readonly string[]>>
): Promise<void> {
  await cluster.eventually(() => {
    const names = Object.keys(wanted)
    expect(Object.fromEntries(names.map((name) => [name, addressesOf(cluster, name)]))).toEqual(wanted)
  })
}

/** The pool in a Service's annotation. */
export function poolOf(cluster: TestCluster, name: string): string | undefined {
  return cluster.find(serviceRef(name))?.metadata.annotations?.['metallb.io/ip-allocated-from-pool']
}
