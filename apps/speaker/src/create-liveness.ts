import { describeError } from '@clarion-lb/runtime'
import type { DependencyContainer } from 'tsyringe'
import { EveryNode, LeaseLiveness, type Liveness } from './liveness.ts'
import { LivenessLog } from './liveness-log.ts'
import type { PlaneEvent } from './plane/messages.ts'
import { ProbedLiveness } from './probed-liveness.ts'
import { ANNOUNCER, CLIENT, LIVENESS, LIVENESS_METRICS, LOG, SETTINGS, SPEAKER } from './tokens.ts'

/** With `--ml-wan-config` all times of liveness are this much longer. */
const WAN_PATIENCE = 3

/** As the flags say. */
export function createLiveness(c: DependencyContainer): Liveness {
  const { flags, namespace, node } = c.resolve(SETTINGS)
  const log = c.resolve(LOG)
  if (flags['ml-bindaddr'] === '' || flags['ml-labels'] === '') {
    log.warn(
      '--ml-bindaddr and --ml-labels are not both given: every node counts as alive, also one that is not'
    )
    return new EveryNode()
  }
  const common = {
    client: c.resolve(CLIENT),
    namespace,
    node,
    patience: flags['ml-wan-config'] ? WAN_PATIENCE : 1
  }
  const leases = new LeaseLiveness({
    ...common,
    onProblem: (error) => log.warn({ error: describeError(error) }, 'lease not renewed')
  })
  if (flags.liveness === 'off') return leases
  return new ProbedLiveness({ ...common, port: flags['liveness-port'], fallback: leases, log })
}

/** Where what the plane tells goes: to addresses first, then to what is told of nodes. */
export function createPlaneEvents(c: DependencyContainer): (event: PlaneEvent) => void {
  const livenessLog = new LivenessLog(c.resolve(LOG))
  return (event) => {
    c.resolve(LIVENESS).onPlaneEvent(event)
    c.resolve(SPEAKER).onPlaneEvent(event)
    c.resolve(ANNOUNCER).onPlaneEvent(event)
    c.resolve(LIVENESS_METRICS).onPlaneEvent(event)
    livenessLog.tell(event)
  }
}
