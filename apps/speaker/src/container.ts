import 'reflect-metadata'
import { EventRecorder } from '@clarion-lb/k8s-watch'
import {
  type ConfigSource,
  createCommonMetrics,
  createConfigSource,
  createMetricsServer,
  createReporter,
  describeError,
  HealthServer,
  type MetricsServer,
  type PartsContext,
  registerAccessMetrics,
  SERVICE_BGP_STATUSES,
  SERVICE_L2_STATUSES,
  type Service
} from '@clarion-lb/runtime'
import {
  container,
  type DependencyContainer,
  type FactoryFunction,
  type InjectionToken,
  instanceCachingFactory
} from 'tsyringe'
import { Announcer } from './announcer.ts'
import { createLiveness, createPlaneEvents } from './create-liveness.ts'
import { createRivals } from './create-rivals.ts'
import { LivenessMetrics } from './liveness-metrics.ts'
import { registerSpeakerMetrics } from './metrics.ts'
import { createPlane } from './plane/create-plane.ts'
import { type Sessions, SessionsPlane } from './plane/sessions-plane.ts'
import { RouteAnnouncer } from './route-announcer.ts'
import { ServiceStatuses, type ServiceStatusesOptions } from './service-statuses.ts'
import { SessionLog } from './session-log.ts'
import { registerSessionMetrics } from './session-metrics.ts'
import { SessionStates } from './session-states.ts'
import { Speaker } from './speaker.ts'
import {
  ALL_SERVICES,
  ANNOUNCER,
  BGP_STATUS,
  CLIENT,
  CONFIG_SOURCE,
  HEALTH_SERVER,
  L2_STATUS,
  LIVENESS,
  LIVENESS_METRICS,
  LOG,
  METRICS,
  METRICS_SERVER,
  PLANE,
  PLANE_EVENTS,
  RECORDER,
  REPORTER,
  RIVALS,
  ROUTE_ANNOUNCER,
  SESSION_STATES,
  SESSIONS,
  SETTINGS,
  SPEAKER
} from './tokens.ts'

/** Repeats within so many different events are counted in one object. A speaker tells little about each Service. */
const EVENTS_REMEMBERED = 256
/** The status that an event tells of is written at the same time, and people wait for that. */
const EVENT_DELAY_MS = 50

/** The parts of the speaker. The settings, the log and the client are the caller's to register. */
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
  provide(LIVENESS, createLiveness)
  provide(LIVENESS_METRICS, (c) => new LivenessMetrics(c.resolve(METRICS).registry))
  provide(PLANE_EVENTS, createPlaneEvents)
  provide(PLANE, (c) => {
    const log = c.resolve(LOG)
    return createPlane({
      excludeSource: c.resolve(SETTINGS).excludeSource,
      backend: c.resolve(SETTINGS).backend,
      node: c.resolve(SETTINGS).node,
      takeBackMs: c.resolve(SETTINGS).takeBackMs,
      onEvent: (event) => c.resolve(PLANE_EVENTS)(event),
      onRestart: (error) => {
        log.error({ error: describeError(error) }, 'the frames thread failed, and is started again')
        c.resolve(ANNOUNCER).planeRestarted()
      }
    })
  })
  provide(RIVALS, createRivals)
  provide(SESSIONS, createSessions)
  provide(ROUTE_ANNOUNCER, createRouteAnnouncer)
  provide(BGP_STATUS, createBgpStatus)
  provide(SESSION_STATES, createSessionStates)
  provide(SPEAKER, createSpeaker)
  provide(ANNOUNCER, createAnnouncer)
  provide(L2_STATUS, createL2Status)
  provide(CONFIG_SOURCE, createSpeakerConfigSource)
  provide(REPORTER, (c) => createReporter(contextOf(c), { type: 'speaker', node: c.resolve(SETTINGS).node }))
  provide(HEALTH_SERVER, createHealthServer)
  provide(METRICS_SERVER, createSpeakerMetricsServer)
  provide(ALL_SERVICES, listServices)
  return root
}

function createRecorder(c: DependencyContainer): EventRecorder {
  const log = c.resolve(LOG)
  return new EventRecorder({
    client: c.resolve(CLIENT),
    component: 'metallb-speaker',
    maxRemembered: EVENTS_REMEMBERED,
    delayMs: EVENT_DELAY_MS,
    host: c.resolve(SETTINGS).node,
    onProblem: (error) => log.warn({ error: describeError(error) }, 'event not stored')
  })
}

function createSpeaker(c: DependencyContainer): Speaker {
  const { flags, node, takeBackMs } = c.resolve(SETTINGS)
  const log = c.resolve(LOG)
  return new Speaker({
    client: c.resolve(CLIENT),
    node,
    takeBackMs,
    loadBalancerClass: flags['lb-class'],
    ignoreExcludeLabel: flags['ignore-exclude-lb'],
    isMaintainedOnCordon: flags['maintenance-on-cordon'],
    patience: flags['ml-wan-config'] ? 3 : 1,
    metrics: c.resolve(METRICS),
    log,
    onProblem: (resource, { error, retryMs }) =>
      log.warn({ resource, error: describeError(error), retryMs }, 'watch failed')
  })
}

function createAnnouncer(c: DependencyContainer): Announcer {
  const speaker = c.resolve(SPEAKER)
  return new Announcer({
    node: c.resolve(SETTINGS).node,
    planner: speaker.planner,
    plane: c.resolve(PLANE),
    recorder: c.resolve(RECORDER),
    log: c.resolve(LOG),
    serviceOf: (key) => speaker.serviceOf(key),
    onStatus: (key) => c.resolve(L2_STATUS).touch(key)
  })
}

function createL2Status(c: DependencyContainer): ServiceStatuses {
  return createStatuses(c, {
    name: 'layer 2 status',
    resource: SERVICE_L2_STATUSES,
    prefix: 'l2-',
    isOnePerService: true,
    wantedOf: (key) => c.resolve(ANNOUNCER).wantedStatusOf(key)
  })
}

function createBgpStatus(c: DependencyContainer): ServiceStatuses {
  return createStatuses(c, {
    name: 'BGP status',
    resource: SERVICE_BGP_STATUSES,
    prefix: 'bgp-',
    isOnePerService: false,
    wantedOf: (key) => c.resolve(ROUTE_ANNOUNCER).wantedStatusOf(key)
  })
}

function createStatuses(
  c: DependencyContainer,
  kind: Pick<ServiceStatusesOptions, 'name' | 'resource' | 'prefix' | 'isOnePerService' | 'wantedOf'>
): ServiceStatuses {
  const { namespace, node, pod } = c.resolve(SETTINGS)
  const log = c.resolve(LOG)
  return new ServiceStatuses({
    ...kind,
    client: c.resolve(CLIENT),
    namespace,
    node,
    pod,
    onProblem: (service, error) =>
      log.warn({ service, error: describeError(error) }, `${kind.name} not written`)
  })
}

function createSessions(c: DependencyContainer): Sessions {
  const log = c.resolve(LOG)
  const sessionLog = new SessionLog(log)
  return new SessionsPlane({
    node: c.resolve(SETTINGS).node,
    routesOf: (peer) => c.resolve(ROUTE_ANNOUNCER).routesOf(peer),
    onState: (state) => {
      sessionLog.tell(state)
      c.resolve(SESSION_STATES).touch(state.name)
    },
    onGone: (peer) => {
      sessionLog.forget(peer)
      c.resolve(SESSION_STATES).touch(peer)
    },
    onRestart: (error) =>
      log.error({ error: describeError(error) }, 'the sessions thread failed, and is started again')
  })
}

function createRouteAnnouncer(c: DependencyContainer): RouteAnnouncer {
  const speaker = c.resolve(SPEAKER)
  return new RouteAnnouncer({
    node: c.resolve(SETTINGS).node,
    planner: speaker.planner,
    sessions: c.resolve(SESSIONS),
    recorder: c.resolve(RECORDER),
    log: c.resolve(LOG),
    serviceOf: (key) => speaker.serviceOf(key),
    onStatus: (key) => c.resolve(BGP_STATUS).touch(key)
  })
}

function createSessionStates(c: DependencyContainer): SessionStates {
  const { namespace, node, pod } = c.resolve(SETTINGS)
  const log = c.resolve(LOG)
  return new SessionStates({
    client: c.resolve(CLIENT),
    namespace,
    node,
    pod,
    states: () => c.resolve(SESSIONS).states(),
    onProblem: (peer, error) => log.warn({ peer, error: describeError(error) }, 'session state not written')
  })
}

function createHealthServer(c: DependencyContainer): HealthServer {
  return new HealthServer({
    port: c.resolve(SETTINGS).flags['health-probe-port'],
    host: '127.0.0.1',
    unreadyBecause: () => c.resolve(SPEAKER).unreadyBecause()
  })
}

function createSpeakerMetricsServer(c: DependencyContainer): MetricsServer {
  registerSpeakerMetrics(c.resolve(METRICS).registry, {
    node: c.resolve(SETTINGS).node,
    counts: () => c.resolve(PLANE).counts(),
    liveness: c.resolve(LIVENESS_METRICS),
    announced: () => [...c.resolve(ANNOUNCER).announced(), ...c.resolve(ROUTE_ANNOUNCER).announced()]
  })
  registerSessionMetrics(c.resolve(METRICS).registry, () => c.resolve(SESSIONS).counts())
  return createMetricsServer(contextOf(c))
}

function createSpeakerConfigSource(c: DependencyContainer): ConfigSource {
  return createConfigSource(contextOf(c), {
    nodes: c.resolve(SPEAKER).nodes,
    reporter: () => c.resolve(REPORTER),
    onConfig: (config) => c.resolve(SPEAKER).setConfig(config)
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
  const speaker = c.resolve(SPEAKER)
  speaker.attach({
    liveness: c.resolve(LIVENESS),
    rivals: c.resolve(RIVALS),
    plane: c.resolve(PLANE),
    announcer: c.resolve(ANNOUNCER),
    sessions: c.resolve(SESSIONS),
    routes: c.resolve(ROUTE_ANNOUNCER),
    statuses: [c.resolve(L2_STATUS), c.resolve(BGP_STATUS), c.resolve(SESSION_STATES)]
  })
  return [
    c.resolve(HEALTH_SERVER),
    c.resolve(METRICS_SERVER),
    { name: 'events', start: () => undefined, stop: () => recorder.stop() },
    c.resolve(REPORTER),
    speaker,
    c.resolve(CONFIG_SOURCE)
  ]
}
