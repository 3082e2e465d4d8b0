import { type ConfigResources, formatProblem, type Problem, parseLegacyConfig } from '@clarion-lb/config'
import type { ObjectKey, V1ConfigMap } from '@clarion-lb/k8s-watch'

/** The objects of a configuration, and what was wrong with how they are written. */
export interface ReadConfig {
  readonly resources: ConfigResources
  readonly problems: readonly Problem[]
}

/** It is not there, or nobody can read it: that says nothing of what is wanted. */
export interface UnreadConfig {
  readonly because: string
  readonly problems: readonly Problem[]
}

/** Reads MetalLB's legacy ConfigMap, as the API server has it. */
export function readLegacyMap(map: V1ConfigMap | undefined, key: ObjectKey): ReadConfig | UnreadConfig {
  const name = `${key.namespace}/${key.name}`
  if (map === undefined) return { because: `the ConfigMap ${name} is missing`, problems: [] }
  const text = map.data?.['config']
  if (text === undefined) return { because: `the ConfigMap ${name} has no key config`, problems: [] }
  const { resources, problems } = parseLegacyConfig(text, key)
  return resources === undefined
    ? { because: problems.map(formatProblem).join('; '), problems }
    : { resources, problems }
}
