import { EXCLUDE_FROM_LOAD_BALANCERS_LABEL } from '@clarion-lb/crds'
import type { V1Node } from '@clarion-lb/k8s-watch'
import type { NodeView } from '@clarion-lb/planner'
import { pick } from '@clarion-lb/runtime'
import { MAINTENANCE_ANNOTATION, OUT_OF_SERVICE_TAINT } from './asked-maintenance.ts'
import type { PlaneMember } from './plane/messages.ts'

/** What the election reads of a node. */
export function nodeViewOf({ metadata, status }: V1Node): NodeView {
  return {
    name: metadata?.name ?? '',
    isNetworkUnavailable:
      status?.conditions?.some(
        (condition) => condition.type === 'NetworkUnavailable' && condition.status === 'True'
      ) === true,
    isExcluded: metadata?.labels?.[EXCLUDE_FROM_LOAD_BALANCERS_LABEL] !== undefined
  }
}

/** Where the speaker of a node is reached, if there is one; `undefined` while the node has no address. */
export function memberOf({ metadata, status }: V1Node): PlaneMember | undefined {
  const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  return address === undefined ? undefined : { name: metadata?.name ?? '', address }
}

/** A node's status is large, and most of it nobody here reads. */
export function trimNode({ metadata, spec, status }: V1Node): V1Node {
  const maintenance = metadata?.annotations?.[MAINTENANCE_ANNOTATION]
  const taints = (spec?.taints ?? []).filter(({ key }) => key === OUT_OF_SERVICE_TAINT)
  return {
    ...(spec?.unschedulable === true || taints.length > 0
      ? { spec: { ...pick(spec, 'unschedulable'), ...(taints.length > 0 ? { taints } : {}) } }
      : {}),
    metadata: {
      ...pick(metadata, 'name', 'labels', 'resourceVersion', 'uid'),
      ...(maintenance === undefined ? {} : { annotations: { [MAINTENANCE_ANNOTATION]: maintenance } })
    },
    status: {
      conditions: (status?.conditions ?? []).filter(({ type }) => type === 'NetworkUnavailable'),
      addresses: (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP')
    }
  }
}
