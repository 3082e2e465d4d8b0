import { buildConfig } from '@clarion-lb/config'
import { annotationOf, ingressOf } from '@clarion-lb/planner'
import type { AdmissionRequest } from './admission-review.ts'
import { withCandidate } from './candidate.ts'
import type { ExistingObjects } from './existing-objects.ts'
import { fieldOf } from './json.ts'

const MAX_NAMES = 5

/** What a change does that its author may not have thought of. */
export function warnOfChange(request: AdmissionRequest, existing: ExistingObjects): readonly string[] {
  if (request.operation !== 'UPDATE') return []
  const warning = request.kind === 'IPAddressPool' ? warnOfHolders(request, existing) : warnOfRestart(request)
  return warning === undefined ? [] : [`${request.kind} ${request.namespace}/${request.name}: ${warning}`]
}

/** Services whose address the pool does not have any more, and no other pool has. */
function warnOfHolders(
  { name, object, oldObject }: AdmissionRequest,
  { pools = [], holders = [] }: ExistingObjects
): string | undefined {
  if (holders.length === 0) return undefined
  const poolsWith = (pool: unknown) =>
    buildConfig(withCandidate({ pools }, 'IPAddressPool', name, pool)).config.pools
  const had = poolsWith(oldObject).find((pool) => pool.name === name)?.ranges ?? []
  const has = poolsWith(object).flatMap(({ ranges }) => ranges)
  const losers = holders.filter(
    (service) =>
      annotationOf(service, 'ipAllocatedFromPool') === name &&
      ingressOf(service).some(
        (address) =>
          had.some((range) => range.contains(address)) && !has.some((range) => range.contains(address))
      )
  )
  if (losers.length === 0) return undefined
  const names = losers.slice(0, MAX_NAMES).map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)
  const more = losers.length > MAX_NAMES ? ` and ${losers.length - MAX_NAMES} more` : ''
  return `spec.addresses: Services lose their address and get another, if there is one: ${names.join(', ')}${more}`
}

/** The schema refuses to change it, and not to add or remove it (RFC 4724 §3: it is said when a session begins). */
function warnOfRestart({ kind, object, oldObject }: AdmissionRequest): string | undefined {
  if (kind !== 'BGPPeer') return undefined
  const [before, after] = [oldObject, object].map(
    (peer) => fieldOf(fieldOf(peer, 'spec'), 'enableGracefulRestart') === true
  )
  return before === after
    ? undefined
    : `spec.enableGracefulRestart ${after}: the session is ended and begun again for it`
}
