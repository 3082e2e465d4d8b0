import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabProcess } from '@clarion-lb/lab'
import { type ApiServer, NAMESPACE } from './api-server.ts'

const APPS = join(import.meta.dirname, '../../apps')
const COMMON = ['--port=0', '--health-probe-port=0', '--log-level=info']

export function createController(server: ApiServer): LabProcess {
  return new LabProcess({
    name: 'controller',
    script: join(APPS, 'controller/dist/main.js'),
    args: [...COMMON, `--kubeconfig=${server.kubeconfigFile}`],
    env: { METALLB_NAMESPACE: NAMESPACE },
    logFile: join(server.directory, 'controller.log')
  })
}

/** @param prefix words that enter the node's namespace */
export function createSpeaker(server: ApiServer, node: string, prefix: readonly string[]): LabProcess {
  return new LabProcess({
    name: `speaker ${node}`,
    prefix,
    script: join(APPS, 'speaker/dist/main.js'),
    args: [...COMMON, `--kubeconfig=${server.kubeconfigFile}`],
    env: {
      METALLB_NAMESPACE: NAMESPACE,
      METALLB_NODE_NAME: node,
      METALLB_ML_BIND_ADDR: '0.0.0.0',
      METALLB_ML_LABELS: 'app=metallb',
      // The other nodes of a benchmark are there as far as Leases tell.
      CLARION_LIVENESS: 'off'
    },
    logFile: join(server.directory, `speaker-${node}.log`)
  })
}

/** How the speaker asks to be started: `#!/usr/bin/env -S NAME=VALUE node --flag`. */
export function speakerLaunch(): {
  readonly env: Readonly<Record<string, string>>
  readonly flags: readonly string[]
} {
  const [first = ''] = readFileSync(join(APPS, 'speaker/dist/main.js'), 'utf8').split('\n', 1)
  const words = first.split(' ')
  const settings = words.flatMap((word) => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(word) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
  return { env: Object.fromEntries(settings), flags: words.filter((word) => word.startsWith('--')) }
}
