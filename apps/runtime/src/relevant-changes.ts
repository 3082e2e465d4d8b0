import type { KubeObject, ObjectChange, V1Namespace } from '@clarion-lb/k8s-watch'
import { pick } from './pick.ts'

/** Nodes and namespaces change all the time; selectors look at their labels only. */
export function isOtherLabels(change: ObjectChange<KubeObject>): boolean {
  if (change.type !== 'updated') return true
  const { previous, object } = change
  return JSON.stringify(previous.metadata?.labels) !== JSON.stringify(object.metadata?.labels)
}

/** The status, which we write ourselves, is none of the configuration. */
export function isOtherSpec(change: ObjectChange<KubeObject>): boolean {
  if (change.type !== 'updated') return true
  const generation = change.object.metadata?.generation
  return (
    generation === undefined || generation !== change.previous.metadata?.generation || isOtherLabels(change)
  )
}

/** What selectors look at. */
export function onlyLabels({ metadata }: V1Namespace): V1Namespace {
  return { metadata: pick(metadata, 'name', 'labels', 'resourceVersion', 'uid') }
}
