import { describeError } from '@clarion-lb/runtime'
import type { DependencyContainer } from 'tsyringe'
import { Rivals } from './rivals.ts'
import { CLIENT, LOG, RECORDER, SETTINGS, SPEAKER } from './tokens.ts'

const REMEDY =
  "what they can announce by layer 2 is left to them; remove MetalLB's DaemonSet, or let its roll-out come to its end"

/** Looks for speakers of MetalLB; says which there are, to the log and as an event of the own pod. */
export function createRivals(c: DependencyContainer): Rivals {
  const log = c.resolve(LOG)
  const { namespace, pod } = c.resolve(SETTINGS)
  let told: string | undefined
  return new Rivals({
    client: c.resolve(CLIENT),
    namespace,
    pod,
    onChange: (rivals) => {
      const pods = [...rivals].map(([node, name]) => `${name} (node ${node})`)
      if (pods.length === 0) log.info('no speaker of MetalLB runs any more')
      else log.warn({ pods, remedy: REMEDY }, 'speakers of MetalLB run beside this one')
      if (pods.length > 0 && pod !== undefined) {
        const more = pods.length === 1 ? '' : ` and ${pods.length - 1} more`
        const message = `${pods[0] ?? ''}${more} is a speaker of MetalLB: ${REMEDY}`
        c.resolve(RECORDER).record(
          { ...pod, apiVersion: 'v1', kind: 'Pod' },
          'Warning',
          'BesideMetalLB',
          message
        )
      }
      c.resolve(SPEAKER).setRivals(rivals)
    },
    onProblem: (error) => {
      const text = describeError(error)
      if (told !== text) log.warn({ error: text }, "pods of MetalLB's speakers cannot be looked for")
      told = text
    }
  })
}
