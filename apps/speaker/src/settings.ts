import { readFileSync } from 'node:fs'
import type { V1Pod } from '@clarion-lb/k8s-watch'
import { FlagError, type FlagValues, resolveNamespace } from '@clarion-lb/runtime'
import { parseExcludedInterfaces } from './excluded-interfaces.ts'
import { parseDurationMs, type SPEAKER_FLAGS } from './flags.ts'
import { type Backend, parseBackend } from './plane/backend.ts'

/** What the process was started with, made definite. */
export interface Settings {
  readonly flags: FlagValues<typeof SPEAKER_FLAGS>
  readonly namespace: string
  readonly node: string
  readonly pod: V1Pod | undefined
  /** Source of a regular expression; `undefined`: no interface is excluded. */
  readonly excludeSource: string | undefined
  readonly backend: Backend
  /** See the flag `take-back-delay`. */
  readonly takeBackMs: number
}

/** @throws FlagError */
export function settingsOf(
  flags: FlagValues<typeof SPEAKER_FLAGS>,
  env: Readonly<Record<string, string | undefined>> = process.env
): Omit<Settings, 'pod'> {
  const node = flags['node-name']
  if (node === '') throw new FlagError('--node-name (METALLB_NODE_NAME) is needed: the name of this node')
  return {
    flags,
    node,
    namespace: resolveNamespace(flags.namespace),
    excludeSource: readExcluded(flags['exclude-l2-file']),
    backend: parseBackend(env['CLARION_LINK'] ?? ''),
    takeBackMs: parseDurationMs(flags['take-back-delay']) ?? 0
  }
}

function readExcluded(file: string): string | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  return parseExcludedInterfaces(text, file)
}
