import { IpPrefix, tryParseIpAddress } from '@clarion-lb/netaddr'

const DURATION = /^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d|w)\s*)+$/
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

/** Formats of strings that Kubernetes checks; it ignores those it does not know. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  byte: (text) => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
  cidr: isPrefix,
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  'date-time': (text) =>
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text) &&
    !Number.isNaN(Date.parse(text)),
  datetime: (text) => !Number.isNaN(Date.parse(text)),
  duration: (text) => text === '0' || DURATION.test(text),
  email: (text) => EMAIL.test(text),
  hostname: (text) =>
    text.length <= 253 &&
    /^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*$/.test(text),
  ipv4: (text) => tryParseIpAddress(text)?.family === 4,
  ipv6: (text) => tryParseIpAddress(text)?.family === 6,
  mac: (text) => /^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/.test(text),
  uri: (text) => URL.canParse(text),
  uuid: (text) => UUID.test(text)
}

const INTEGER_LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
  int64: [-(2 ** 63), 2 ** 63]
}

/** Whether a value has a format; formats that are not known are had by all. */
export function hasFormat(value: string | number, format: string): boolean {
  if (typeof value === 'string') return FORMATS[format]?.(value) ?? true
  const limits = INTEGER_LIMITS[format]
  return limits === undefined || (value >= limits[0] && value <= limits[1])
}

function isPrefix(text: string): boolean {
  try {
    IpPrefix.parse(text, { hostBits: 'mask' })
    return true
  } catch {
    return false
  }
}
