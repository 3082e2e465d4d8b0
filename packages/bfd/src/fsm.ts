import { type BfdControlPacket, BfdDiagnostic, type BfdSessionState } from './packet.ts'
import {
  type BfdParameters,
  type BfdVariables,
  isTransmitting,
  NOTHING_REMOTE,
  slow,
  transmitIntervalUs
} from './variables.ts'

/** What happens to a session. Packets are those that passed the checks before the state machine. */
export type BfdEvent =
  | { readonly type: 'packetReceived'; readonly packet: BfdControlPacket }
  | { readonly type: 'detectionTimeExpired' }
  | { readonly type: 'parametersChanged'; readonly parameters: BfdParameters }
  | { readonly type: 'administrativelyDown' }
  | { readonly type: 'administrativelyUp' }

/**
 * Why the state changed. The peer's `'remoteAdminDown'` and our `'administrative'` are not failures of the path: what
 * the session protects may go on (RFC 5882 §3.2).
 */
export type BfdChangeReason =
  | 'packetReceived'
  | 'detectionTimeExpired'
  | 'remoteDown'
  | 'remoteAdminDown'
  | 'administrative'

/** A change of the session's state. */
export interface BfdStateChange {
  readonly from: BfdSessionState
  readonly to: BfdSessionState
  readonly reason: BfdChangeReason
  /** Ours, as the peer is told; see `BfdDiagnostic`. */
  readonly diagnostic: number
  /** The last that the peer told. */
  readonly remoteDiagnostic: number
}

/**
 * What the driver has to do, in this order:
 * - `'sendFinal'`: answer a poll, whatever the timer says
 * - `'sendNow'`: send a periodic packet at once and the next an interval later
 * - `'reschedule'`: the next packet is due an interval of now after the last one
 * - `'restartDetection'`: the peer was heard
 * - `'changed'`: tell about a change of the state
 */
export type BfdEffect =
  | { readonly type: 'sendFinal' }
  | { readonly type: 'sendNow' }
  | { readonly type: 'reschedule' }
  | { readonly type: 'restartDetection' }
  | { readonly type: 'changed'; readonly change: BfdStateChange }

/** Variables that are the same object have not changed. */
export interface BfdTransition {
  readonly variables: BfdVariables
  readonly effects: readonly BfdEffect[]
}

const NO_EFFECTS: readonly BfdEffect[] = []
const ONLY_RESTART: readonly BfdEffect[] = [{ type: 'restartDetection' }]

/** One step of the state machine (RFC 5880 §6.2, §6.8). */
export function step(variables: BfdVariables, event: BfdEvent): BfdTransition {
  switch (event.type) {
    case 'packetReceived':
      return packetReceived(variables, event.packet)
    case 'detectionTimeExpired':
      return detectionTimeExpired(variables)
    case 'parametersChanged':
      return effectsOf(variables, advertise(variables, event.parameters), 'administrative')
    case 'administrativelyDown':
      return administrativelyDown(variables)
    case 'administrativelyUp':
      if (variables.sessionState !== 'adminDown') return { variables, effects: NO_EFFECTS }
      return effectsOf(
        variables,
        enter({ ...variables, ...NOTHING_REMOTE }, 'down', BfdDiagnostic.noDiagnostic),
        'administrative'
      )
  }
}

/** RFC 5880 §6.8.6, from where a packet is known to be of this session. */
function packetReceived(before: BfdVariables, packet: BfdControlPacket): BfdTransition {
  const heard = hear(before, packet)
  // Neither answered nor a sign of life: the session is not to come up.
  if (before.sessionState === 'adminDown') return { variables: heard, effects: NO_EFFECTS }
  const verdict = verdictOf(before.sessionState, packet.state)
  const after =
    verdict === undefined ? heard : enter(heard, verdict.to, verdict.diagnostic ?? heard.localDiagnostic)
  if (after === before && !packet.poll) return { variables: before, effects: ONLY_RESTART }
  const { variables, effects } = effectsOf(before, after, verdict?.reason ?? 'packetReceived')
  const answer: readonly BfdEffect[] = packet.poll ? [{ type: 'sendFinal' }] : []
  const changes = effects.filter((effect) => effect.type === 'changed')
  const sends = effects.filter((effect) => effect.type !== 'changed')
  return { variables, effects: [...answer, ...sends, ...ONLY_RESTART, ...changes] }
}

/** Takes over what the packet says; the same object if that is nothing new. */
function hear(before: BfdVariables, packet: BfdControlPacket): BfdVariables {
  const isSame =
    before.remoteDiscriminator === packet.myDiscriminator &&
    before.remoteSessionState === packet.state &&
    before.remoteDiagnostic === packet.diagnostic &&
    before.remoteMinRxUs === packet.requiredMinRxUs &&
    before.remoteMinTxUs === packet.desiredMinTxUs &&
    before.remoteDetectMultiplier === packet.detectMultiplier &&
    before.isRemoteDemand === packet.demand
  const heard = isSame
    ? before
    : {
        ...before,
        remoteDiscriminator: packet.myDiscriminator,
        remoteSessionState: packet.state,
        remoteDiagnostic: packet.diagnostic,
        remoteMinRxUs: packet.requiredMinRxUs,
        remoteMinTxUs: packet.desiredMinTxUs,
        remoteDetectMultiplier: packet.detectMultiplier,
        isRemoteDemand: packet.demand
      }
  return packet.final && heard.isPolling ? endPoll(heard) : heard
}

interface Verdict {
  readonly to: BfdSessionState
  /** Default: stays. */
  readonly diagnostic?: number
  readonly reason: BfdChangeReason
}

/** The table of RFC 5880 §6.8.6; `undefined` stays. */
function verdictOf(local: BfdSessionState, remote: BfdSessionState): Verdict | undefined {
  const diagnostic = BfdDiagnostic.neighborSignaledSessionDown
  switch (remote) {
    case 'adminDown':
      return local === 'down' ? undefined : { to: 'down', diagnostic, reason: 'remoteAdminDown' }
    case 'down':
      if (local === 'down') return { to: 'init', reason: 'packetReceived' }
      return local === 'up' ? { to: 'down', diagnostic, reason: 'remoteDown' } : undefined
    case 'init':
      return local === 'up' ? undefined : UP
    case 'up':
      return local === 'init' ? UP : undefined
  }
}

const UP: Verdict = { to: 'up', diagnostic: BfdDiagnostic.noDiagnostic, reason: 'packetReceived' }

function detectionTimeExpired(before: BfdVariables): BfdTransition {
  const wasAlive = before.sessionState === 'init' || before.sessionState === 'up'
  const diagnostic = wasAlive ? BfdDiagnostic.controlDetectionTimeExpired : before.localDiagnostic
  const state = wasAlive ? 'down' : before.sessionState
  // The last diagnostic of the peer is kept for the report.
  const { remoteDiagnostic } = before
  const after = enter({ ...before, ...NOTHING_REMOTE, remoteDiagnostic }, state, diagnostic)
  return effectsOf(before, after, 'detectionTimeExpired')
}

/** RFC 5880 §6.8.16. */
function administrativelyDown(before: BfdVariables): BfdTransition {
  if (before.sessionState === 'adminDown') return { variables: before, effects: NO_EFFECTS }
  const after = enter(before, 'adminDown', BfdDiagnostic.administrativelyDown)
  return effectsOf(before, after, 'administrative')
}

function enter(before: BfdVariables, sessionState: BfdSessionState, localDiagnostic: number): BfdVariables {
  return advertise({ ...before, sessionState, localDiagnostic }, before.parameters)
}

/**
 * Sets the intervals that the state allows. What would make us slower, or the peer's packets due sooner, waits for the
 * end of a Poll Sequence as long as the session is up; the rest counts at once (RFC 5880 §6.8.3).
 */
function advertise(before: BfdVariables, parameters: BfdParameters): BfdVariables {
  const isUp = before.sessionState === 'up'
  const desiredMinTxUs = isUp ? parameters.desiredMinTxUs : slow(parameters)
  const { requiredMinRxUs } = parameters
  const isSame =
    desiredMinTxUs === before.desiredMinTxUs && requiredMinRxUs === before.parameters.requiredMinRxUs
  const after = {
    ...before,
    parameters,
    desiredMinTxUs,
    desiredMinTxInUseUs: isUp ? Math.min(before.desiredMinTxInUseUs, desiredMinTxUs) : desiredMinTxUs,
    requiredMinRxInUseUs: isUp ? Math.max(before.requiredMinRxInUseUs, requiredMinRxUs) : requiredMinRxUs
  }
  // A peer that is not known has nothing to answer with, and in AdminDown its answers are not looked at.
  if (before.remoteDiscriminator === 0 || before.sessionState === 'adminDown')
    return { ...after, isPolling: false, mustPollAgain: false }
  if (isSame) return after
  return { ...after, isPolling: true, mustPollAgain: before.isPolling }
}

function endPoll(before: BfdVariables): BfdVariables {
  if (before.mustPollAgain) return { ...before, mustPollAgain: false }
  return {
    ...before,
    isPolling: false,
    desiredMinTxInUseUs: before.desiredMinTxUs,
    requiredMinRxInUseUs: before.parameters.requiredMinRxUs
  }
}

function effectsOf(before: BfdVariables, after: BfdVariables, reason: BfdChangeReason): BfdTransition {
  const effects: BfdEffect[] = []
  // §6.8.7: what the peer does not know yet is not held back until the timer fires.
  if (mayTransmit(before, after) && saysOther(before, after)) effects.push({ type: 'sendNow' })
  else if (
    isTransmitting(before) !== isTransmitting(after) ||
    transmitIntervalUs(before) !== transmitIntervalUs(after)
  )
    effects.push({ type: 'reschedule' })
  if (before.sessionState !== after.sessionState)
    effects.push({
      type: 'changed',
      change: {
        from: before.sessionState,
        to: after.sessionState,
        reason,
        diagnostic: after.localDiagnostic,
        remoteDiagnostic: after.remoteDiagnostic
      }
    })
  return { variables: after, effects }
}

/** A session that was sending tells why it ends, even if it is passive and has just forgotten whom. */
function mayTransmit(before: BfdVariables, after: BfdVariables): boolean {
  return isTransmitting(after) || (isTransmitting(before) && before.sessionState !== after.sessionState)
}

function saysOther(before: BfdVariables, after: BfdVariables): boolean {
  return (
    before.sessionState !== after.sessionState ||
    before.localDiagnostic !== after.localDiagnostic ||
    before.desiredMinTxUs !== after.desiredMinTxUs ||
    before.parameters.requiredMinRxUs !== after.parameters.requiredMinRxUs ||
    before.parameters.detectMultiplier !== after.parameters.detectMultiplier ||
    before.remoteDiscriminator !== after.remoteDiscriminator
  )
}
