import { WireError } from './errors.ts'
import { IPV6_HEADER_LENGTH } from './ipv6.ts'

const MAX_SUMMED_BYTES = 0x1_0000

/**
 * The internet checksum of RFC 1071: the complement of the one's complement sum of 16-bit words, an odd last byte
 * padded with zero. A message that contains its own correct checksum gives 0.
 *
 * @param initial a sum to go on from, of {@link checksumPart}; its bytes must have been even in number
 * @throws {@link WireError} for a range outside of `bytes` or above 64 KiB
 */
export function internetChecksum(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  initial = 0
): number {
  return ~fold(checksumPart(bytes, start, end, initial)) & 0xffff
}

/** The sum without the final complement, to be handed on as `initial`. */
export function checksumPart(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  if (start < 0 || end < start || end > bytes.length || end - start > MAX_SUMMED_BYTES)
    throw new WireError('truncated', start, `bytes ${start} to ${end} of ${bytes.length}`)
  let sum = initial
  let offset = start
  // 32768 words of 16 bits and the sum before them stay below 2^53 by far.
  for (; offset + 1 < end; offset += 2) sum += ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
  if (offset < end) sum += (bytes[offset] ?? 0) << 8
  return fold(sum)
}

/**
 * The checksum of an upper-layer message in an IPv6 packet, pseudo-header included (RFC 8200 §8.1): for ICMPv6 `58`.
 * To write one: with its field zero; to verify one: the result is 0. No extension headers are looked at.
 *
 * @param packet starts with the fixed IPv6 header; the message begins right behind it
 * @param messageLength bytes of the message, the upper-layer packet length of the pseudo-header
 * @throws {@link WireError} (`truncated`) if the packet is shorter than that
 */
export function ipv6Checksum(packet: Uint8Array, messageLength: number, nextHeader: number): number {
  const addresses = checksumPart(packet, 8, IPV6_HEADER_LENGTH)
  const pseudo = addresses + (messageLength >>> 16) + (messageLength & 0xffff) + nextHeader
  return internetChecksum(packet, IPV6_HEADER_LENGTH, IPV6_HEADER_LENGTH + messageLength, pseudo)
}

function fold(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000)
  return folded
}
