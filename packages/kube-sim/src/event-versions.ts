import { compact, type JsonObject, objectAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'

/** Core `v1` names of the fields of an `events.k8s.io/v1` Event. */
const CORE_NAMES: readonly (readonly [events: string, core: string])[] = [
  ['note', 'message'],
  ['regarding', 'involvedObject'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count']
]

/** From `events.k8s.io/v1` to `v1`, in which Events are stored. */
export function eventToStorage(event: KubeObject): KubeObject {
  return { ...rename(event, CORE_NAMES), apiVersion: 'v1', kind: 'Event', metadata: event.metadata }
}

/** From `v1` to `events.k8s.io/v1`. */
export function eventFromStorage(event: KubeObject): KubeObject {
  const names = CORE_NAMES.map(([events, core]) => [core, events] as const)
  const renamed = rename(event, names)
  const involved = objectAt(event, 'involvedObject')
  return {
    ...Object.fromEntries(Object.entries(renamed).filter(([, value]) => value !== '')),
    ...(involved === undefined ? {} : { regarding: involved }),
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: event.metadata
  }
}

function rename(event: JsonObject, names: readonly (readonly [string, string])[]): JsonObject {
  const map = new Map(names)
  const entries = Object.entries(event).map(([key, value]) => [map.get(key) ?? key, value] as const)
  return compact(Object.fromEntries(entries))
}
