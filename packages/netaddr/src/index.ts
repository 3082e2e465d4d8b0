/**
 * IPv4 and IPv6 addresses, prefixes, ranges and MAC addresses: strict parsing, RFC 5952 text.
 *
 * @packageDocumentation
 */
export { InvalidAddressError, type InvalidAddressReason } from './errors.ts'
export {
  compareIpAddresses,
  type IpAddress,
  type IpFamily,
  parseIpAddress,
  tryParseIpAddress
} from './ip-address.ts'
export { type HostBitsOption, IpPrefix } from './ip-prefix.ts'
export { IpRange } from './ip-range.ts'
export { Ipv4Address } from './ipv4-address.ts'
export { Ipv6Address } from './ipv6-address.ts'
export { MacAddress } from './mac-address.ts'
