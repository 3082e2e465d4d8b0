import { EXCLUDE_FROM_LOAD_BALANCERS_LABEL } from '@clarion-lb/crds'
import type { V1Node } from '@clarion-lb/k8s-watch'
import type { NodeView } from '@clarion-lb/planner'
import { pick } from '@clarion-lb/runtime'

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

/** A node's status is large, and most of it nobody here reads. */
export function trimNode({ metadata, spec, status }: V1Node): V1Node {
  return {
    ...(spec?.unschedulable === true ? { spec: { unschedulable: true } } : {}),
    metadata: pick(metadata, 'name', 'labels', 'resourceVersion', 'uid'),
    status: { conditions: (status?.conditions ?? []).filter(({ type }) => type === 'NetworkUnavailable') }
  }
}
