const DECODER = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
// C0 and C1 controls, line and paragraph separators, and marks that turn the direction of what follows around.
const CONTROLS = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * Text that a peer sent for people: UTF-8, bad sequences replaced with U+FFFD, without control characters, which could
 * forge lines of a log or drive a terminal. Never throws.
 */
export function decodePeerText(bytes: Uint8Array): string {
  return DECODER.decode(bytes).replaceAll(CONTROLS, '')
}

/** UTF-8 of at most `maxBytes`, cut between two characters. */
export function encodeText(text: string, maxBytes: number): Uint8Array {
  const target = new Uint8Array(maxBytes)
  // encodeInto never writes part of a character.
  return target.subarray(0, new TextEncoder().encodeInto(text, target).written)
}
