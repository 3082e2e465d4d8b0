import type { IpFamily } from '@clarion-lb/netaddr'
import type { FsmConfig } from './fsm-types.ts'
import type { NotificationMessage } from './messages/model.ts'
import { NOTIFICATION, notification } from './messages/notification.ts'
import { type BgpPeerOptions, type BgpPeerSettings, DEFAULTS } from './options.ts'
import type { PeerEndpoint } from './transport.ts'

const { CEASE } = NOTIFICATION
/** What a session that is up can take over, or what counts from the next one on. */
const CHANGEABLE: ReadonlySet<string> = new Set<keyof BgpPeerSettings>([
  'keepaliveTimeMs',
  'connectRetryMs',
  'connectTimeoutMs',
  'maxPrefixes',
  'maxPrefixesIdleMs',
  'nextHops',
  'password'
])

export function fsmConfigOf(options: BgpPeerOptions): FsmConfig {
  return {
    isPassive: options.isPassive === true,
    holdTimeMs: options.holdTimeMs ?? DEFAULTS.holdTimeMs,
    keepaliveTimeMs: options.keepaliveTimeMs,
    connectRetryMs: options.connectRetryMs ?? DEFAULTS.connectRetryMs,
    connectTimeoutMs: options.connectTimeoutMs ?? DEFAULTS.connectTimeoutMs
  }
}

/** Where a peer is; an unnumbered one is still to be found. */
export function endpointOf({ address, interface: zone }: BgpPeerOptions): PeerEndpoint | undefined {
  return address === undefined ? undefined : { address, zone }
}

/** Whether a session cannot go on with the change. */
export function needsRestart(before: BgpPeerOptions, after: BgpPeerOptions): boolean {
  return !isSameJson(fixedOptions(before), fixedOptions(after))
}

/** RFC 4486 §4: the data is AFI, SAFI and the limit. */
export function tooManyPrefixes(family: IpFamily, limit: number): NotificationMessage {
  const data = new Uint8Array(7)
  data.set([0, family === 4 ? 1 : 2, 1])
  new DataView(data.buffer).setUint32(3, limit)
  return notification(CEASE.code, CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED, data)
}

/** Addresses compare by their text; the order of properties counts. */
export function isSameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function fixedOptions(options: BgpPeerOptions): unknown {
  return Object.entries(options)
    .filter(([name, value]) => !CHANGEABLE.has(name) && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
