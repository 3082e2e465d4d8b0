import type { EventRecorder, KubeClient, LeaderElector } from '@clarion-lb/k8s-watch'
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
import type { Controller } from './controller.ts'
import type { PoolStatus } from './pool-status.ts'
import type { Settings } from './settings.ts'
import type { Webhooks } from './webhooks/webhooks.ts'

export const SETTINGS: InjectionToken<Settings> = Symbol('Settings')
export const LOG: InjectionToken<Logger> = Symbol('Log')
export const CLIENT: InjectionToken<KubeClient> = Symbol('Client')
export const METRICS: InjectionToken<CommonMetrics> = Symbol('Metrics')
export const RECORDER: InjectionToken<EventRecorder> = Symbol('Recorder')
export const ELECTOR: InjectionToken<LeaderElector> = Symbol('Elector')
export const CONFIG_SOURCE: InjectionToken<ConfigSource> = Symbol('ConfigSource')
export const REPORTER: InjectionToken<ConfigurationReporter> = Symbol('Reporter')
export const KEY_KEEPER: InjectionToken<Service> = Symbol('KeyKeeper')
export const POOL_STATUS: InjectionToken<PoolStatus> = Symbol('PoolStatus')
export const CONTROLLER: InjectionToken<Controller> = Symbol('Controller')
export const HEALTH_SERVER: InjectionToken<HealthServer> = Symbol('HealthServer')
export const METRICS_SERVER: InjectionToken<MetricsServer> = Symbol('MetricsServer')
export const WEBHOOKS: InjectionToken<Webhooks> = Symbol('Webhooks')
/** In the order of starting. */
export const ALL_SERVICES: InjectionToken<readonly Service[]> = Symbol('AllServices')
