/**
 * ARP codec, responder and announcements (RFC 826, RFC 5227).
 *
 * @packageDocumentation
 */
export {}
