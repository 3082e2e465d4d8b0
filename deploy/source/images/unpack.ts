import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FileTree } from './tar.ts'

/** Writes a file tree into a directory, which is made if it is not there. */
export function unpack(tree: FileTree, directory: string): void {
  for (const [path, entry] of tree) {
    const file = join(directory, path)
    mkdirSync(dirname(file), { recursive: true })
    if (entry.type === 'link') symlinkSync(entry.target, file)
    else if (entry.type === 'directory') mkdirSync(file, { recursive: true })
    else writeFileSync(file, entry.content)
    if (entry.type !== 'link') chmodSync(file, entry.mode)
  }
}
