import 'reflect-metadata'
import { EventRecorder, LeaderElector } from '@clarion-lb/k8s-watch'
import {
  ConfigSource,
  ConfigurationReporter,
  createCommonMetrics,
  createProblemLog,
  describeError,
  HealthServer,
  MetricsAccess,
  MetricsServer,
  type Service,
  tlsOptionsOf
} from '@clarion-lb/runtime'
import {
  container,
  type DependencyContainer,
  type FactoryFunction,
  type InjectionToken,
  instanceCachingFactory
} from 'tsyringe'
import { Controller } from './controller.ts'
import { ensureMemberlistSecret } from './memberlist-secret.ts'
import { registerAllocatorMetrics } from './metrics.ts'
import { PoolStatus } from './pool-status.ts'
import {
  ALL_SERVICES,
  CLIENT,
  CONFIG_SOURCE,
  CONTROLLER,
  ELECTOR,
  HEALTH_SERVER,
  LOG,
  METRICS,
  METRICS_SERVER,
  POOL_STATUS,
  RECORDER,
  REPORTER,
  SETTINGS
} from './tokens.ts'

/** Others wait this long after the last renewal that they saw. */
const LEASE = { leaseDurationMs: 8000, renewDeadlineMs: 5000, retryPeriodMs: 1000 } as const

/** Repeats within so many different events are counted in one object. */
const EVENTS_REMEMBERED = 1024

/** The parts of the controller. The settings, the log and the client are the caller's to register. */
export function createContainer(): DependencyContainer {
  const root = container.createChildContainer()
  const provide = <T>(token: InjectionToken<T>, factory: FactoryFunction<T>): void => {
    root.register(token, { useFactory: instanceCachingFactory(factory) })
  }
  provide(METRICS, () => createCommonMetrics())
  provide(RECORDER, createRecorder)
  provide(ELECTOR, createElector)
  provide(REPORTER, createReporter)
  provide(CONTROLLER, createController)
  provide(CONFIG_SOURCE, createConfigSource)
  provide(POOL_STATUS, createPoolStatus)
  provide(HEALTH_SERVER, createHealthServer)
  provide(METRICS_SERVER, createMetricsServer)
  provide(ALL_SERVICES, listServices)
  return root
}

function createRecorder(c: DependencyContainer): EventRecorder {
  const log = c.resolve(LOG)
  return new EventRecorder({
    client: c.resolve(CLIENT),
    component: 'metallb-controller',
    maxRemembered: EVENTS_REMEMBERED,
    onProblem: (error) => log.warn({ error: describeError(error) }, 'event not stored')
  })
}

function createElector(c: DependencyContainer): LeaderElector {
  const { namespace, identity } = c.resolve(SETTINGS)
  const lease = { namespace, name: 'clarion-controller' }
  return new LeaderElector({ client: c.resolve(CLIENT), lease, identity, ...LEASE })
}

function createReporter(c: DependencyContainer): ConfigurationReporter {
  const log = c.resolve(LOG)
  const { namespace, pod } = c.resolve(SETTINGS)
  return new ConfigurationReporter({
    client: c.resolve(CLIENT),
    namespace,
    component: { type: 'controller' },
    pod,
    onProblem: (error) => log.warn({ error: describeError(error) }, 'configuration state not written')
  })
}

function createController(c: DependencyContainer): Controller {
  const client = c.resolve(CLIENT)
  const log = c.resolve(LOG)
  const { namespace, flags } = c.resolve(SETTINGS)
  const metrics = c.resolve(METRICS)
  const secret = flags['ml-secret-name']
  const controller = new Controller({
    client,
    loadBalancerClass: flags['lb-class'],
    elector: c.resolve(ELECTOR),
    recorder: c.resolve(RECORDER),
    metrics,
    log,
    onUsage: (pool) => c.resolve(POOL_STATUS).touch(pool),
    onLead: async (signal) => {
      if (secret === '') return
      const options = { client, namespace, name: secret, deployment: flags.deployment, signal }
      if (await ensureMemberlistSecret(options)) log.info({ secret }, 'memberlist secret created')
    }
  })
  registerAllocatorMetrics(metrics.registry, () => controller.ipam)
  return controller
}

function createConfigSource(c: DependencyContainer): ConfigSource {
  const log = c.resolve(LOG)
  const logProblems = createProblemLog(log)
  const { namespace, flags } = c.resolve(SETTINGS)
  const { configLoaded, configStale } = c.resolve(METRICS)
  return new ConfigSource({
    client: c.resolve(CLIENT),
    namespace,
    legacyConfigMap: flags.config,
    nodes: undefined,
    onConfig: ({ config, problems }) => {
      logProblems(problems)
      configLoaded.set(1)
      configStale.set(problems.some(({ severity }) => severity === 'error') ? 1 : 0)
      c.resolve(REPORTER).report(problems)
      c.resolve(CONTROLLER).setConfig(config)
      // A pool that was made again, just as it was, has no status.
      for (const { name } of config.pools) c.resolve(POOL_STATUS).touch(name)
    },
    onUnavailable: (because) => {
      if (because === undefined) log.info('configuration is followed')
      else log.warn({ because }, 'configuration is not available')
    },
    onProblem: (resource, { error, retryMs }) =>
      log.warn({ resource, error: describeError(error), retryMs }, 'watch failed')
  })
}

function createPoolStatus(c: DependencyContainer): PoolStatus {
  const log = c.resolve(LOG)
  return new PoolStatus({
    client: c.resolve(CLIENT),
    namespace: c.resolve(SETTINGS).namespace,
    pools: c.resolve(CONFIG_SOURCE).pools,
    usageOf: (pool) => c.resolve(CONTROLLER).ipam?.usage(pool),
    onProblem: (pool, error) => log.warn({ pool, error: describeError(error) }, 'pool status not written')
  })
}

function createHealthServer(c: DependencyContainer): HealthServer {
  return new HealthServer({
    port: c.resolve(SETTINGS).flags['health-probe-port'],
    host: '::',
    unreadyBecause: () => c.resolve(CONTROLLER).unreadyBecause()
  })
}

function createMetricsServer(c: DependencyContainer): MetricsServer {
  const log = c.resolve(LOG)
  const { flags } = c.resolve(SETTINGS)
  return new MetricsServer({
    port: flags.port,
    registry: c.resolve(METRICS).registry,
    access: new MetricsAccess({ client: c.resolve(CLIENT) }),
    tls: tlsOptionsOf({
      minVersion: flags['tls-min-version'],
      cipherSuites: flags['tls-cipher-suites'],
      curvePreferences: flags['tls-curve-preferences']
    }),
    certificateDirectory: flags['metrics-cert-dir'],
    onProblem: (error) => log.warn({ error: describeError(error) }, 'metrics not served')
  })
}

function listServices(c: DependencyContainer): readonly Service[] {
  const recorder = c.resolve(RECORDER)
  const poolStatus = c.resolve(POOL_STATUS)
  return [
    c.resolve(HEALTH_SERVER),
    c.resolve(METRICS_SERVER),
    { name: 'events', start: () => undefined, stop: () => recorder.stop() },
    c.resolve(REPORTER),
    { name: 'pool status', start: () => undefined, stop: () => poolStatus.stop() },
    c.resolve(CONTROLLER),
    c.resolve(CONFIG_SOURCE)
  ]
}
