import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isObject, objectAt, objectsAt, textsAt } from '../../../deploy/source/json.ts'
import { workloadObjects } from '../../../deploy/source/manifests/workloads.ts'

const isRoot = process.getuid?.() === 0
const speaker =
  workloadObjects({ controller: '', speaker: '' }).find(({ kind }) => kind === 'DaemonSet') ?? {}
const [container = {}] = objectsAt(
  objectAt(objectAt(objectAt(speaker, 'spec'), 'template'), 'spec'),
  'containers'
)
const granted = textsAt(objectAt(objectAt(container, 'securityContext'), 'capabilities'), 'add')

/** What became of each kind of socket in a process of the superuser with these capabilities alone. */
function socketCalls(capabilities: readonly string[]): Readonly<Record<string, unknown>> {
  const set = ['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(',')
  const node = [process.execPath, '--conditions=@clarion-lb/source', '--disable-warning=ExperimentalWarning']
  const text = execFileSync(
    'unshare',
    [
      ...['--net', '--', 'setpriv', '--no-new-privs', `--bounding-set=${set}`, `--inh-caps=${set}`],
      ...[...node, join(import.meta.dirname, 'socket-calls.ts')]
    ],
    { encoding: 'utf8' }
  )
  const results: unknown = JSON.parse(text)
  return isObject(results) ? results : {}
}

describe.runIf(isRoot)('the capabilities of the speaker (needs root)', () => {
  test('are enough for every kind of socket that it makes', () => {
    const results = socketCalls(granted)
    expect(Object.keys(results)).toHaveLength(5)
    expect(Object.entries(results).filter(([, result]) => result !== 'ok')).toEqual([])
  })

  test('are all needed', () => {
    expect(granted).toEqual(['NET_RAW'])
    expect(Object.values(socketCalls([])).join('\n')).toContain('CAP_NET_RAW')
  })
})
