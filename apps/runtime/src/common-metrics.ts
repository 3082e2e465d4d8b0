import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** What both binaries count, with MetalLB's names. */
export interface CommonMetrics {
  readonly registry: Registry
  readonly updates: Counter
  readonly updateErrors: Counter
  readonly configLoaded: Gauge
  readonly configStale: Gauge
}

export function createCommonMetrics(): CommonMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    updates: new Counter({
      name: 'metallb_k8s_client_updates_total',
      help: 'Changes of Kubernetes objects that were handled',
      registers
    }),
    updateErrors: new Counter({
      name: 'metallb_k8s_client_update_errors_total',
      help: 'Changes of Kubernetes objects whose handling failed',
      registers
    }),
    configLoaded: new Gauge({
      name: 'metallb_k8s_client_config_loaded_bool',
      help: '1 once a configuration was read',
      registers
    }),
    configStale: new Gauge({
      name: 'metallb_k8s_client_config_stale_bool',
      help: '1 while a part of the configuration cannot be used',
      registers
    })
  }
}
