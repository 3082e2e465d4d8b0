import type { V1Node } from '@clarion-lb/k8s-watch'
import type { AskedMaintenance } from './maintenance.ts'

/** On a Node: what it announces is to move to others. Its value is for people; `false` is as if it were not there. */
export const MAINTENANCE_ANNOTATION = 'clarion.io/maintenance'
/**
 * Somebody says that the node is shut down. Whether it is, liveness knows better: one that is not has what it announces
 * moved away without loss.
 */
export const OUT_OF_SERVICE_TAINT = 'node.kubernetes.io/out-of-service'

export interface MaintenanceRules {
  /** Whether a cordoned node is in maintenance. In MetalLB it is not. */
  readonly onCordon: boolean
}

/** Who asks for maintenance of a node; `undefined`: nobody. */
export function askedMaintenanceOf(
  { metadata, spec }: V1Node,
  { onCordon }: MaintenanceRules
): AskedMaintenance | undefined {
  const value = metadata?.annotations?.[MAINTENANCE_ANNOTATION]
  if (value !== undefined && value !== 'false')
    return { because: `annotation ${MAINTENANCE_ANNOTATION}${value === '' ? '' : `: ${value}`}` }
  if (spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE_TAINT) === true)
    return { because: `taint ${OUT_OF_SERVICE_TAINT}` }
  return onCordon && spec?.unschedulable === true ? { because: 'it is cordoned' } : undefined
}
