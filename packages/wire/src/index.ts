/**
 * Byte cursors, the internet checksum, Ethernet and IPv6 framing.
 *
 * @packageDocumentation
 */
export {}
