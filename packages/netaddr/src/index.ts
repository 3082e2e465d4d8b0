/**
 * IPv4 and IPv6 addresses, prefixes, ranges and MAC addresses: strict parsing, RFC 5952 text.
 *
 * @packageDocumentation
 */
export {}
