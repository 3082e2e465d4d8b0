import { BfdDiagnostic, type BfdSessionState } from './packet.ts'

/** Until a session is up it sends no more often than once a second (RFC 5880 §6.8.3). */
export const SLOW_INTERVAL_US = 1_000_000

/** What is configured for a session, in the units of the wire. */
export interface BfdParameters {
  readonly desiredMinTxUs: number
  readonly requiredMinRxUs: number
  readonly detectMultiplier: number
  /** Sends nothing before the peer did (RFC 5880 §6.1). */
  readonly isPassive: boolean
}

/** State variables of a session (RFC 5880 §6.8.1). */
export interface BfdVariables {
  readonly parameters: BfdParameters
  readonly sessionState: BfdSessionState
  readonly remoteSessionState: BfdSessionState
  /** Why the state changed last, for the peer to know. */
  readonly localDiagnostic: number
  readonly remoteDiagnostic: number
  /** Zero as long as it is not known. */
  readonly remoteDiscriminator: number
  /** bfd.DesiredMinTxInterval: what packets say, … */
  readonly desiredMinTxUs: number
  /** … and what the interval is computed from until a Poll Sequence has ended (RFC 5880 §6.8.3). */
  readonly desiredMinTxInUseUs: number
  /** bfd.RequiredMinRxInterval is {@link BfdParameters.requiredMinRxUs}; this is what the detection time comes from. */
  readonly requiredMinRxInUseUs: number
  readonly remoteMinRxUs: number
  /** Last received Desired Min TX Interval. */
  readonly remoteMinTxUs: number
  /** Zero as long as nothing was received. */
  readonly remoteDetectMultiplier: number
  readonly isRemoteDemand: boolean
  /** A Poll Sequence is under way (RFC 5880 §6.5). */
  readonly isPolling: boolean
  /** Something changed since it began, so the first answer does not end it. */
  readonly mustPollAgain: boolean
}

/** How a session begins. */
export function initialVariables(parameters: BfdParameters): BfdVariables {
  const desiredMinTxUs = slow(parameters)
  return {
    parameters,
    sessionState: 'down',
    localDiagnostic: BfdDiagnostic.noDiagnostic,
    desiredMinTxUs,
    desiredMinTxInUseUs: desiredMinTxUs,
    requiredMinRxInUseUs: parameters.requiredMinRxUs,
    ...NOTHING_REMOTE
  }
}

/** What is known of a peer that was not heard, or not for a detection time (RFC 5880 §6.8.1). */
export const NOTHING_REMOTE: Omit<BfdVariables, LocalVariable> = {
  remoteSessionState: 'down',
  remoteDiagnostic: BfdDiagnostic.noDiagnostic,
  remoteDiscriminator: 0,
  remoteMinRxUs: 1,
  remoteMinTxUs: 0,
  remoteDetectMultiplier: 0,
  isRemoteDemand: false,
  isPolling: false,
  mustPollAgain: false
}

type LocalVariable =
  | 'parameters'
  | 'sessionState'
  | 'localDiagnostic'
  | 'desiredMinTxUs'
  | 'desiredMinTxInUseUs'
  | 'requiredMinRxInUseUs'

/** Desired Min TX Interval while not up. */
export function slow(parameters: BfdParameters): number {
  return Math.max(parameters.desiredMinTxUs, SLOW_INTERVAL_US)
}

/** Time from one periodic packet to the next, before jitter (RFC 5880 §6.8.2). */
export function transmitIntervalUs(variables: BfdVariables): number {
  return Math.max(variables.desiredMinTxInUseUs, variables.remoteMinRxUs)
}

/** Silence of the peer that ends the session; `undefined` if it was not heard yet (RFC 5880 §6.8.4). */
export function detectionTimeUs(variables: BfdVariables): number | undefined {
  const { remoteDetectMultiplier, requiredMinRxInUseUs, remoteMinTxUs } = variables
  if (remoteDetectMultiplier === 0) return undefined
  return remoteDetectMultiplier * Math.max(requiredMinRxInUseUs, remoteMinTxUs)
}

/** Whether periodic packets are sent (RFC 5880 §6.8.7). */
export function isTransmitting(variables: BfdVariables): boolean {
  const { parameters, remoteDiscriminator, remoteMinRxUs } = variables
  if (parameters.isPassive && remoteDiscriminator === 0) return false
  if (remoteMinRxUs === 0) return false
  return variables.isPolling || !isRemoteDemandActive(variables)
}

/** When the next periodic packet is to be sent, in microseconds after the last one. */
export interface TransmitWindow {
  readonly earliestUs: number
  readonly latestUs: number
}

/** Of the interval: how long a packet may wait for those of other sessions, to leave with them. */
const TOGETHER = 0.12
/** Of the interval: so far apart are the moments to choose from, before packets leave together. */
const SPREAD = 0.1
/** RFC 5880 §6.8.7. */
const LEAST = 0.75

/**
 * The interval with jitter, so that sessions do not march in step: 75 – 100 % of it, and not above 90 % if one lost packet
 * ends the session (RFC 5880 §6.8.7). Rather the later part of that, which takes fewer packets.
 *
 * @param random from 0 to 1
 */
export function jittered(intervalUs: number, detectMultiplier: number, random: number): TransmitWindow {
  const most = detectMultiplier === 1 ? 0.9 : 1
  const spread = Math.min(SPREAD, most - TOGETHER - LEAST)
  const latestUs = intervalUs * (most - random * spread)
  return { earliestUs: latestUs - intervalUs * TOGETHER, latestUs }
}

/** The peer may ask not to be sent periodic packets once both are up (RFC 5880 §6.6). */
function isRemoteDemandActive(variables: BfdVariables): boolean {
  const { isRemoteDemand, sessionState, remoteSessionState } = variables
  return isRemoteDemand && sessionState === 'up' && remoteSessionState === 'up'
}
