import { tryParseIpAddress } from '@clarion-lb/netaddr'

/** Where a Service answers, as a client writes it. */
export function urlOf(address: string, port: number): string {
  const host = tryParseIpAddress(address)?.family === 6 ? `[${address}]` : address
  return `http://${host}:${port}/`
}
