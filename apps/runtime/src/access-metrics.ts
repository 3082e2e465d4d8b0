import type { KubeClient } from '@clarion-lb/k8s-watch'
import { Gauge, type Registry } from 'prom-client'

/** Tells which rights are missing, as far as they were asked for. */
export function registerAccessMetrics(registry: Registry, client?: Pick<KubeClient, 'onAccess'>): void {
  const missing = new Gauge({
    name: 'clarion_k8s_client_right_missing_bool',
    help: '1 while the API server refuses this verb on this resource for want of a right; 0 once it was allowed again',
    labelNames: ['resource', 'verb'],
    registers: [registry]
  })
  const known = new Set<string>()
  client?.onAccess(({ resource, verb, isAllowed }) => {
    const id = `${verb} ${resource}`
    // Each answer comes through here: only rights that were missed once have a series.
    if (isAllowed && !known.has(id)) return
    known.add(id)
    missing.set({ resource, verb }, isAllowed ? 0 : 1)
  })
}
