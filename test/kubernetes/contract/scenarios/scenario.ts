import type { ApiServer } from '../../servers.ts'
import type { Scribe } from '../scribe.ts'

/** Something that a client does. It asks the same of every server; what comes back is compared. */
export interface Scenario {
  /** What is promised to be the same. */
  readonly name: string
  /** What the stand-in does otherwise, if it does: told, and not promised. */
  readonly differs?: string
  /** In a namespace of its own. */
  readonly run: (scribe: Scribe, place: Place) => Promise<void>
}

export interface Place {
  readonly namespace: string
  /** Path of a resource in the namespace: `core('configmaps')`, `group('coordination.k8s.io/v1', 'leases')`. */
  readonly core: (rest: string) => string
  readonly group: (groupVersion: string, rest: string) => string
  readonly server: ApiServer
}

export function configMap(
  name: string,
  data: Readonly<Record<string, string>> = {},
  labels?: object
): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    ...(Object.keys(data).length === 0 ? {} : { data })
  }
}
