/** What an image needs to know of an ELF file (64 bit, little endian: amd64 and arm64 are). */
export interface ElfFile {
  readonly architecture: Architecture | undefined
  /** Path of the dynamic loader; programs have one, libraries do not. */
  readonly interpreter: string | undefined
  /** Names of the libraries that it asks for. */
  readonly needed: readonly string[]
}

/** Architecture by the name that container images use. */
export type Architecture = 'amd64' | 'arm64'

const MACHINES: Readonly<Record<number, Architecture>> = { 62: 'amd64', 183: 'arm64' }
const HEADER_BYTES = 64
const PT_LOAD = 1
const PT_DYNAMIC = 2
const PT_INTERP = 3
const DT_NULL = 0n
const DT_NEEDED = 1n
const DT_STRTAB = 5n

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: bigint
  readonly fileBytes: number
}

/** Whether these are the bytes of an ELF file. */
export function isElf(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2
}

/** Reads the headers of a file for which {@link isElf} holds. */
export function readElf(bytes: Buffer): ElfFile {
  const segments = segmentsOf(bytes)
  const interpreter = segments.find(({ type }) => type === PT_INTERP)
  return {
    architecture: MACHINES[bytes.readUInt16LE(18)],
    interpreter: interpreter === undefined ? undefined : textAt(bytes, interpreter.offset),
    needed: neededOf(bytes, segments)
  }
}

/**
 * The file without what only debuggers read: all behind the last segment, which are symbols and section headers. No
 * program of the build machine takes part, so the bytes are the same everywhere.
 */
export function withoutSymbols(bytes: Buffer): Buffer {
  const end = Math.max(...segmentsOf(bytes).map(({ offset, fileBytes }) => offset + fileBytes))
  const stripped = Buffer.from(bytes.subarray(0, end))
  stripped.writeBigUInt64LE(0n, 40) // e_shoff
  stripped.writeUInt32LE(0, 60) // e_shnum, e_shstrndx
  return stripped
}

function segmentsOf(bytes: Buffer): readonly Segment[] {
  const start = Number(bytes.readBigUInt64LE(32))
  const entryBytes = bytes.readUInt16LE(54)
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, i) => {
    const at = start + i * entryBytes
    return {
      type: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: bytes.readBigUInt64LE(at + 16),
      fileBytes: Number(bytes.readBigUInt64LE(at + 32))
    }
  })
}

function neededOf(bytes: Buffer, segments: readonly Segment[]): readonly string[] {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC)
  if (dynamic === undefined) return []
  const names: number[] = []
  let strings = 0n
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.fileBytes; at += 16) {
    const tag = bytes.readBigUInt64LE(at)
    const value = bytes.readBigUInt64LE(at + 8)
    if (tag === DT_NULL) break
    if (tag === DT_NEEDED) names.push(Number(value))
    if (tag === DT_STRTAB) strings = value
  }
  const holder = segments.find(
    ({ type, address, fileBytes }) =>
      type === PT_LOAD && strings >= address && strings < address + BigInt(fileBytes)
  )
  if (holder === undefined) return []
  const table = holder.offset + Number(strings - holder.address)
  return names.map((name) => textAt(bytes, table + name))
}

function textAt(bytes: Buffer, offset: number): string {
  return bytes.toString('latin1', offset, bytes.indexOf(0, offset))
}
