import type { EventRecorder, KubeClient } from '@clarion-lb/k8s-watch'
import type {
  CommonMetrics,
  ConfigSource,
  ConfigurationReporter,
  HealthServer,
  MetricsServer,
  Service
} from '@clarion-lb/runtime'
import type { Logger } from 'pino'
import type { InjectionToken } from 'tsyringe'
import type { Announcer } from './announcer.ts'
import type { Liveness } from './liveness.ts'
import type { LivenessMetrics } from './liveness-metrics.ts'
import type { PlaneEvent } from './plane/messages.ts'
import type { Plane } from './plane/plane.ts'
import type { Sessions } from './plane/sessions-plane.ts'
import type { Rivals } from './rivals.ts'
import type { RouteAnnouncer } from './route-announcer.ts'
import type { ServiceStatuses } from './service-statuses.ts'
import type { SessionStates } from './session-states.ts'
import type { Settings } from './settings.ts'
import type { Speaker } from './speaker.ts'

export const SETTINGS: InjectionToken<Settings> = Symbol('Settings')
export const LOG: InjectionToken<Logger> = Symbol('Log')
export const CLIENT: InjectionToken<KubeClient> = Symbol('Client')
export const METRICS: InjectionToken<CommonMetrics> = Symbol('Metrics')
export const RECORDER: InjectionToken<EventRecorder> = Symbol('Recorder')
export const LIVENESS: InjectionToken<Liveness> = Symbol('Liveness')
export const LIVENESS_METRICS: InjectionToken<LivenessMetrics> = Symbol('LivenessMetrics')
export const PLANE: InjectionToken<Plane> = Symbol('Plane')
/** What the plane tells goes here. */
export const PLANE_EVENTS: InjectionToken<(event: PlaneEvent) => void> = Symbol('PlaneEvents')
export const SPEAKER: InjectionToken<Speaker> = Symbol('Speaker')
export const ANNOUNCER: InjectionToken<Announcer> = Symbol('Announcer')
export const RIVALS: InjectionToken<Rivals> = Symbol('Rivals')
export const SESSIONS: InjectionToken<Sessions> = Symbol('Sessions')
export const ROUTE_ANNOUNCER: InjectionToken<RouteAnnouncer> = Symbol('RouteAnnouncer')
export const BGP_STATUS: InjectionToken<ServiceStatuses> = Symbol('BgpStatus')
export const SESSION_STATES: InjectionToken<SessionStates> = Symbol('SessionStates')
export const L2_STATUS: InjectionToken<ServiceStatuses> = Symbol('L2Status')
export const CONFIG_SOURCE: InjectionToken<ConfigSource> = Symbol('ConfigSource')
export const REPORTER: InjectionToken<ConfigurationReporter> = Symbol('Reporter')
export const HEALTH_SERVER: InjectionToken<HealthServer> = Symbol('HealthServer')
export const METRICS_SERVER: InjectionToken<MetricsServer> = Symbol('MetricsServer')
/** In the order of starting. */
export const ALL_SERVICES: InjectionToken<readonly Service[]> = Symbol('AllServices')
