import { createHash } from 'node:crypto'

/** The first 64 bits of an id's SHA-256: what stands for the id on the wire, and orders the ring. */
export function memberKey(id: string): bigint {
  return createHash('sha256').update(id, 'utf8').digest().readBigUInt64BE(0)
}
