import { setTimeout as sleep } from 'node:timers/promises'
import { Informer, NODES, type V1Node } from '@clarion-lb/k8s-watch'
import { ConfigSource, type ConfigState } from '../src/config-source.ts'
import { NAMESPACE } from './objects.ts'
import { afterwards, TestCluster, type TestClusterOptions } from './test-cluster.ts'

export interface ConfigBench {
  readonly cluster: TestCluster
  readonly source: ConfigSource
  /** One for each time that a configuration was told. */
  readonly states: ConfigState[]
  readonly unavailable: (string | undefined)[]
  readonly nodes: Informer<V1Node> | undefined
  /** Names of pools of the newest configuration. */
  readonly pools: () => readonly string[] | undefined
}

export interface ConfigBenchOptions extends TestClusterOptions {
  readonly as: 'controller' | 'speaker'
  readonly legacyConfigMap?: string
  readonly before?: (cluster: TestCluster) => void
}

/** Starts to read the configuration of a cluster that `before` has prepared. */
export async function startSource({
  as,
  legacyConfigMap = '',
  before,
  ...options
}: ConfigBenchOptions): Promise<ConfigBench> {
  const cluster = await TestCluster.start(options)
  before?.(cluster)
  const client = await cluster.client()
  const nodes = as === 'speaker' ? new Informer({ client, resource: NODES }) : undefined
  const states: ConfigState[] = []
  const unavailable: (string | undefined)[] = []
  const source = new ConfigSource({
    client,
    namespace: NAMESPACE,
    legacyConfigMap,
    nodes,
    onConfig: (state) => {
      states.push(state)
      cluster.ring()
    },
    onUnavailable: (because) => {
      unavailable.push(because)
      cluster.ring()
    },
    onProblem: (resource, { error }) => cluster.log.info({ resource, error: String(error) }, 'problem')
  })
  nodes?.onChange(() => cluster.ring())
  const { signal } = new AbortController()
  afterwards(() => Promise.all([source.stop(), nodes?.stop()]))
  source.start(signal)
  nodes?.start(signal)
  return {
    cluster,
    source,
    states,
    unavailable,
    nodes,
    pools: () => states.at(-1)?.config.pools.map(({ name }) => name)
  }
}

/** Longer than changes are collected: a timer that was set before has run out. */
export async function settled(): Promise<void> {
  await sleep(30)
}
