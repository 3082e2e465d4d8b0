import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Name of the control group that all nodes of a cluster are below, in every hierarchy. */
const VARIABLE = 'CLARION_LAB_CONTROL_GROUP'

export interface ControlGroups {
  /** To be given to whoever starts nodes. */
  readonly environment: Readonly<Record<string, string>>
  /** Resolves when those that were made below the name are gone. */
  remove(): Promise<void>
}

/**
 * A name for control groups, and somebody who takes them away, even if we are killed: they are all that a node leaves
 * outside of its namespaces.
 */
export function createControlGroups(): ControlGroups {
  const name = `clarion-${process.pid}`
  // Its standard input ends with us. A group can be removed once its last process is gone, which takes a moment.
  const script =
    'cat >/dev/null; for i in $(seq 50); do set -- /sys/fs/cgroup/"$0" /sys/fs/cgroup/*/"$0"; ' +
    'find "$@" -depth -type d -exec rmdir {} + 2>/dev/null; ' +
    '[ -z "$(ls -d "$@" 2>/dev/null)" ] && exit; sleep 0.1; done'
  const reaper = spawn('sh', ['-c', script, name], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  return {
    environment: { [VARIABLE]: name },
    async remove() {
      const ended = once(reaper, 'exit')
      reaper.stdin?.end()
      await ended
    }
  }
}

/** The name that was given to us; one of our own otherwise. */
export function controlGroupName(environment: NodeJS.ProcessEnv = process.env): string {
  return environment[VARIABLE] ?? `clarion-${process.pid}`
}
