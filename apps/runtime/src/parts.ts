import type { Config, Problem } from '@clarion-lb/config'
import type { Informer, KubeClient, V1Node, V1Pod } from '@clarion-lb/k8s-watch'
import type { Logger } from 'pino'
import type { COMMON_FLAGS } from './common-flags.ts'
import type { CommonMetrics } from './common-metrics.ts'
import { ConfigSource, type ConfigState } from './config-source.ts'
import { ConfigurationReporter, type ConfigurationReporterOptions } from './configuration-reporter.ts'
import type { FlagValues } from './flags.ts'
import { describeError } from './log.ts'
import { MetricsAccess } from './metrics-access.ts'
import { MetricsServer } from './metrics-server.ts'
import { createProblemLog } from './problem-log.ts'
import { type TlsOptions, tlsOptionsOf } from './tls-options.ts'

/** What the parts that both binaries have are made of. */
export interface PartsContext {
  readonly flags: FlagValues<typeof COMMON_FLAGS>
  readonly namespace: string
  readonly pod: V1Pod | undefined
  readonly client: KubeClient
  readonly log: Logger
  readonly metrics: CommonMetrics
}

export interface ConfigSourceParts {
  readonly nodes: Informer<V1Node> | undefined
  readonly reporter: () => ConfigurationReporter
  /** What this binary cannot do, of what the configuration asks for. */
  readonly problemsOf?: (state: ConfigState) => readonly Problem[]
  readonly onConfig: (config: Config) => void
}

/** Follows the configuration; problems go to the log, the metrics and the report. */
export function createConfigSource(
  { client, flags, log, metrics, namespace }: PartsContext,
  { nodes, reporter, problemsOf, onConfig }: ConfigSourceParts
): ConfigSource {
  const logProblems = createProblemLog(log)
  let isLoaded = false
  return new ConfigSource({
    client,
    namespace,
    legacyConfigMap: flags.config,
    nodes,
    onConfig: (state) => {
      const problems = [...state.problems, ...(problemsOf?.(state) ?? [])]
      logProblems(problems)
      isLoaded = true
      metrics.configLoaded.set(1)
      metrics.configStale.set(problems.some(({ severity }) => severity === 'error') ? 1 : 0)
      reporter().report(problems)
      onConfig(state.config)
    },
    onUnavailable: (because, problems) => {
      if (because === undefined) {
        log.info('configuration is followed')
        return
      }
      log.warn({ because }, 'configuration is not available')
      if (isLoaded || problems.length > 0) metrics.configStale.set(1)
      if (problems.length > 0) reporter().report(problems)
    },
    onProblem: (resource, { error, retryMs }) =>
      log.warn({ resource, error: describeError(error), retryMs }, 'watch failed')
  })
}

export function createReporter(
  { client, log, namespace, pod }: PartsContext,
  component: ConfigurationReporterOptions['component']
): ConfigurationReporter {
  return new ConfigurationReporter({
    client,
    namespace,
    component,
    pod,
    onProblem: (error) => log.warn({ error: describeError(error) }, 'configuration state not written')
  })
}

export function createMetricsServer({ client, flags, log, metrics }: PartsContext): MetricsServer {
  return new MetricsServer({
    port: flags.port,
    registry: metrics.registry,
    access: new MetricsAccess({ client }),
    tls: tlsOf(flags),
    certificateDirectory: flags['metrics-cert-dir'],
    onProblem: (error) => log.warn({ error: describeError(error) }, 'metrics not served'),
    onCertificate: () => log.info('metrics certificate replaced'),
    onBadCertificate: (error) => log.warn({ error: describeError(error) }, 'metrics certificate not replaced')
  })
}

/** For every server of the process. @throws FlagError for a name or number that is not known */
export function tlsOf(flags: PartsContext['flags']): TlsOptions {
  return tlsOptionsOf({
    minVersion: flags['tls-min-version'],
    cipherSuites: flags['tls-cipher-suites'],
    curvePreferences: flags['tls-curve-preferences']
  })
}
