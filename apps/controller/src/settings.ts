import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { V1Pod } from '@clarion-lb/k8s-watch'
import { type FlagValues, resolveNamespace } from '@clarion-lb/runtime'
import type { CONTROLLER_FLAGS } from './flags.ts'

/** What the process was started with, made definite. */
export interface Settings {
  readonly flags: FlagValues<typeof CONTROLLER_FLAGS>
  readonly namespace: string
  /** Of this process among the candidates for leadership. */
  readonly identity: string
  readonly pod: V1Pod | undefined
}

/** @throws FlagError */
export function settingsOf(flags: FlagValues<typeof CONTROLLER_FLAGS>): Omit<Settings, 'pod'> {
  const podName = flags['pod-name']
  return {
    flags,
    namespace: resolveNamespace(flags.namespace),
    // Two processes with one identity would both lead.
    identity: podName === '' ? `${hostname()}_${randomBytes(4).toString('hex')}` : podName
  }
}
