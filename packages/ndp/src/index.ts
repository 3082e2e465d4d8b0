/**
 * Neighbour Discovery codec, responder and announcements (RFC 4861).
 *
 * @packageDocumentation
 */
export {}
