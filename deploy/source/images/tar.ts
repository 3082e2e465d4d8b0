/** Something in an archive. Directories above it are made as they are needed. */
export type TarEntry =
  | { readonly type: 'file'; readonly mode: number; readonly content: Buffer }
  | { readonly type: 'link'; readonly target: string }
  | { readonly type: 'directory'; readonly mode: number }

/** A file tree by path, without a slash at either end. */
export type FileTree = ReadonlyMap<string, TarEntry>

const BLOCK_BYTES = 512
const NAME_BYTES = 100
const PREFIX_BYTES = 155
const TYPE_FLAGS = { file: '0', link: '2', directory: '5' } as const

/**
 * A tar archive (POSIX ustar) that depends on nothing but the tree: sorted, owned by root, all of one time.
 *
 * @param timeS modification time of everything, seconds since 1970
 * @throws RangeError when a path is too long for ustar
 */
export function* tarOf(tree: FileTree, timeS: number): Generator<Buffer> {
  const all = new Map(tree)
  for (const path of tree.keys()) {
    const parts = path.split('/')
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = parts.slice(0, depth).join('/')
      if (!all.has(parent)) all.set(parent, { type: 'directory', mode: 0o755 })
    }
  }
  // A directory comes before what is in it, since `/` is before all characters that follow it in names of ours.
  for (const path of [...all.keys()].toSorted()) {
    const entry = all.get(path)
    if (entry === undefined) continue
    yield headerOf(path, entry, timeS)
    if (entry.type !== 'file') continue
    yield entry.content
    yield Buffer.alloc((BLOCK_BYTES - (entry.content.length % BLOCK_BYTES)) % BLOCK_BYTES)
  }
  yield Buffer.alloc(2 * BLOCK_BYTES)
}

/*
 * 0        100   108   116   124    136    148      156  157      257         263  265                345     500
 * ┌─────────┬─────┬─────┬─────┬──────┬──────┬────────┬────┬────────┬───────────┬────┬─────────────────┬───────┐
 * │ name    │mode │ uid │ gid │ size │ time │checksum│type│ target │ "ustar\0" │"00"│ names, devices  │prefix │
 * └─────────┴─────┴─────┴─────┴──────┴──────┴────────┴────┴────────┴───────────┴────┴─────────────────┴───────┘
 */
function headerOf(path: string, entry: TarEntry, timeS: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES)
  const { name, prefix } = splitPath(entry.type === 'directory' ? `${path}/` : path)
  header.write(name, 0)
  header.write(octal(entry.type === 'link' ? 0o777 : entry.mode, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(entry.type === 'file' ? entry.content.length : 0, 11), 124)
  header.write(octal(timeS, 11), 136)
  header.write(' '.repeat(8), 148)
  header.write(TYPE_FLAGS[entry.type], 156)
  if (entry.type === 'link') header.write(entry.target, 157)
  header.write('ustar\u000000', 257)
  header.write(prefix, 345)
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${octal(checksum, 6)}\u0000 `, 148)
  return header
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' }
  for (let cut = path.indexOf('/'); cut > 0; cut = path.indexOf('/', cut + 1)) {
    const name = path.slice(cut + 1)
    if (cut <= PREFIX_BYTES && name.length > 0 && Buffer.byteLength(name) <= NAME_BYTES)
      return { name, prefix: path.slice(0, cut) }
  }
  throw new RangeError(`too long for a tar archive: ${path}`)
}
