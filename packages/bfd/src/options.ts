import type { IpAddress } from '@clarion-lb/netaddr'
import { type BfdAuthentication, maxKeyLength } from './authentication.ts'
import { BfdOptionsError } from './errors.ts'
import type { BfdParameters } from './variables.ts'

/** What can be changed while a session runs. */
export interface BfdParameterOptions {
  /** Desired Min TX Interval once up, 10–60 000 ms. @defaultValue 300 */
  readonly transmitIntervalMs?: number | undefined
  /** Required Min RX Interval, 10–60 000 ms. @defaultValue 300 */
  readonly receiveIntervalMs?: number | undefined
  /** Packets that the peer may miss, 1–255. @defaultValue 3 */
  readonly detectMultiplier?: number | undefined
  /** Sends nothing before the peer did. @defaultValue false */
  readonly passiveMode?: boolean | undefined
}

export interface BfdSessionOptions extends BfdParameterOptions {
  readonly remoteAddress: IpAddress
  /** Default: what the system chooses by its routes. */
  readonly localAddress?: IpAddress | undefined
  /** Name of an interface or VRF that packets come and go by; link-local addresses need it. */
  readonly interface?: string | undefined
  /** `'single'` is RFC 5881, `'multi'` RFC 5883. @defaultValue 'single' */
  readonly hops?: 'single' | 'multi' | undefined
  /**
   * Packets with less are dropped by the kernel, 1–255; for `'multi'` only. Not all peers begin with 255 there: BIRD
   * begins with 64. @defaultValue 254
   */
  readonly minimumTtl?: number | undefined
  readonly authentication?: BfdAuthentication | undefined
  /** Refused if `true`: nothing here can loop packets back in a forwarding plane. */
  readonly echoMode?: boolean | undefined
  /** Default: 3784 or 4784 (RFC 5881 §4, RFC 5883 §5). */
  readonly remotePort?: number | undefined
}

/** {@link BfdSessionOptions} that were checked. */
export interface SessionConfiguration {
  readonly remoteAddress: IpAddress
  readonly localAddress: IpAddress | undefined
  readonly device: string | undefined
  readonly hops: 'single' | 'multi'
  readonly minimumTtl: number
  readonly authentication: BfdAuthentication | undefined
  readonly remotePort: number
  readonly parameters: BfdParameters
}

/** IANA's ports, by the number of hops. */
export const BFD_PORT = { single: 3784, multi: 4784 } as const

const DEFAULT_MINIMUM_TTL = 254
/** What a packet of a neighbour arrives with (RFC 5881 §5). */
const NEIGHBOR_TTL = 255

/** @throws {@link BfdOptionsError} */
export function parseSessionOptions(options: BfdSessionOptions): SessionConfiguration {
  const { remoteAddress, localAddress, hops = 'single', authentication, minimumTtl } = options
  if (options.echoMode === true)
    throw new BfdOptionsError('unsupported', 'echoMode', 'the Echo function is not implemented')
  if (remoteAddress.isUnspecified || remoteAddress.isMulticast)
    throw new BfdOptionsError('range', 'remoteAddress', `${remoteAddress.toString()} is not of one host`)
  if (localAddress !== undefined && localAddress.family !== remoteAddress.family)
    throw new BfdOptionsError('mismatch', 'localAddress', `not of the family of ${remoteAddress.toString()}`)
  if (remoteAddress.family === 6 && remoteAddress.isLinkLocal && options.interface === undefined)
    throw new BfdOptionsError('mismatch', 'interface', 'a link-local address needs one')
  if (minimumTtl !== undefined && hops === 'single')
    throw new BfdOptionsError('mismatch', 'minimumTtl', 'packets of a single hop arrive with 255')
  if (authentication !== undefined) checkAuthentication(authentication)
  return {
    remoteAddress,
    localAddress,
    device: options.interface,
    hops,
    minimumTtl:
      hops === 'single'
        ? NEIGHBOR_TTL
        : inRange('minimumTtl', minimumTtl ?? DEFAULT_MINIMUM_TTL, { min: 1, max: 255 }),
    authentication,
    remotePort: inRange('remotePort', options.remotePort ?? BFD_PORT[hops], { min: 1, max: 65_535 }),
    parameters: parseParameters(options)
  }
}

/** @throws {@link BfdOptionsError} */
export function parseParameters(options: BfdParameterOptions): BfdParameters {
  const { transmitIntervalMs = 300, receiveIntervalMs = 300, detectMultiplier = 3 } = options
  const interval = { min: 10, max: 60_000 }
  return {
    desiredMinTxUs: inRange('transmitIntervalMs', transmitIntervalMs, interval) * 1000,
    requiredMinRxUs: inRange('receiveIntervalMs', receiveIntervalMs, interval) * 1000,
    detectMultiplier: inRange('detectMultiplier', detectMultiplier, { min: 1, max: 255 }),
    isPassive: options.passiveMode ?? false
  }
}

function checkAuthentication({ type, keyId, key }: BfdAuthentication): void {
  inRange('authentication.keyId', keyId, { min: 0, max: 255 })
  const max = maxKeyLength(type)
  if (key.length < 1 || key.length > max)
    throw new BfdOptionsError('range', 'authentication.key', `${key.length} octets, 1 to ${max} may be`)
}

function inRange(field: string, value: number, { min, max }: { min: number; max: number }): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new BfdOptionsError('range', field, `${value} is not an integer from ${min} to ${max}`)
}
