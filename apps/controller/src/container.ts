import 'reflect-metadata'
import { EventRecorder, LeaderElector } from '@clarion-lb/k8s-watch'
import {
  type ConfigSource,
  createCommonMetrics,
  createConfigSource,
  createMetricsServer,
  createReporter,
  describeError,
  HealthServer,
  type PartsContext,
  registerAccessMetrics,
  type Service
} from '@clarion-lb/runtime'
import {
  container,
  type DependencyContainer,
  type FactoryFunction,
  type InjectionToken,
  instanceCachingFactory
} from 'tsyringe'
import { Controller } from './controller.ts'
import { createKeyKeeper } from './liveness-keys/create-key-keeper.ts'
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
  KEY_KEEPER,
  LOG,
  METRICS,
  METRICS_SERVER,
  POOL_STATUS,
  RECORDER,
  REPORTER,
  SETTINGS,
  WEBHOOKS
} from './tokens.ts'
import { createWebhooks } from './webhooks/create-webhooks.ts'

/** Others wait this long after the last renewal that they saw. */
const LEASE = { leaseDurationMs: 8000, renewDeadlineMs: 5000, retryPeriodMs: 1000 } as const

/** Repeats within so many different events are counted in one object. */
const EVENTS_REMEMBERED = 1024
/** The status that an event tells of is written at the same time, and people wait for that. */
const EVENT_DELAY_MS = 50

/** The parts of the controller. The settings, the log and the client are the caller's to register. */
export function createContainer(): DependencyContainer {
  const root = container.createChildContainer()
  const provide = <T>(token: InjectionToken<T>, factory: FactoryFunction<T>): void => {
    root.register(token, { useFactory: instanceCachingFactory(factory) })
  }
  provide(METRICS, (c) => {
    const metrics = createCommonMetrics()
    registerAccessMetrics(metrics.registry, c.resolve(CLIENT))
    return metrics
  })
  provide(RECORDER, createRecorder)
  provide(ELECTOR, createElector)
  provide(REPORTER, (c) => createReporter(contextOf(c), { type: 'controller' }))
  provide(CONTROLLER, createController)
  provide(CONFIG_SOURCE, createControllerConfigSource)
  provide(POOL_STATUS, createPoolStatus)
  provide(HEALTH_SERVER, createHealthServer)
  provide(WEBHOOKS, (c) =>
    createWebhooks({ ...contextOf(c), ...c.resolve(SETTINGS), elector: c.resolve(ELECTOR) })
  )
  provide(KEY_KEEPER, (c) =>
    createKeyKeeper({ ...contextOf(c), elector: c.resolve(ELECTOR), recorder: c.resolve(RECORDER) })
  )
  provide(METRICS_SERVER, (c) => createMetricsServer(contextOf(c)))
  provide(ALL_SERVICES, listServices)
  return root
}

function createRecorder(c: DependencyContainer): EventRecorder {
  const log = c.resolve(LOG)
  return new EventRecorder({
    client: c.resolve(CLIENT),
    component: 'metallb-controller',
    maxRemembered: EVENTS_REMEMBERED,
    delayMs: EVENT_DELAY_MS,
    isBusy: () => c.resolve(CONTROLLER).isBusy,
    onProblem: (error) => log.warn({ error: describeError(error) }, 'event not stored')
  })
}

function createElector(c: DependencyContainer): LeaderElector {
  const { namespace, identity, flags } = c.resolve(SETTINGS)
  // A process for webhooks alone must not lead those that give out addresses.
  const name = flags['webhook-mode'] === 'onlywebhook' ? 'clarion-webhooks' : 'clarion-controller'
  const lease = { namespace, name }
  return new LeaderElector({ client: c.resolve(CLIENT), lease, identity, ...LEASE })
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

function createControllerConfigSource(c: DependencyContainer): ConfigSource {
  return createConfigSource(contextOf(c), {
    nodes: undefined,
    reporter: () => c.resolve(REPORTER),
    onConfig: (config) => {
      c.resolve(CONTROLLER).setConfig(config)
      // A pool that was made again, just as it was, has no status.
      for (const { name } of config.pools) c.resolve(POOL_STATUS).touch(name)
    }
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
  const { flags } = c.resolve(SETTINGS)
  const mode = flags['webhook-mode']
  return new HealthServer({
    port: flags['health-probe-port'],
    unreadyBecause: () =>
      (mode === 'onlywebhook' ? undefined : c.resolve(CONTROLLER).unreadyBecause()) ??
      (mode === 'disabled' ? undefined : c.resolve(WEBHOOKS).unreadyBecause())
  })
}

function contextOf(c: DependencyContainer): PartsContext {
  return {
    ...c.resolve(SETTINGS),
    client: c.resolve(CLIENT),
    log: c.resolve(LOG),
    metrics: c.resolve(METRICS)
  }
}

function listServices(c: DependencyContainer): readonly Service[] {
  const recorder = c.resolve(RECORDER)
  const servers = [c.resolve(HEALTH_SERVER), c.resolve(METRICS_SERVER)]
  const mode = c.resolve(SETTINGS).flags['webhook-mode']
  const webhooks = mode === 'disabled' ? [] : [c.resolve(WEBHOOKS)]
  if (mode === 'onlywebhook') return [...servers, ...webhooks, createElection(c.resolve(ELECTOR))]
  const poolStatus = c.resolve(POOL_STATUS)
  return [
    ...servers,
    { name: 'events', start: () => undefined, stop: () => recorder.stop() },
    c.resolve(REPORTER),
    { name: 'pool status', start: () => undefined, stop: () => poolStatus.stop() },
    ...webhooks,
    c.resolve(KEY_KEEPER),
    c.resolve(CONTROLLER),
    c.resolve(CONFIG_SOURCE)
  ]
}

/** Where there is no controller, which is the candidate otherwise. */
function createElection(elector: LeaderElector): Service {
  return { name: 'leader election', start: (signal) => elector.start(signal), stop: () => elector.stop() }
}
