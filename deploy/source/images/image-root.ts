import { existsSync, globSync, lstatSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Architecture, isElf, readElf, withoutSymbols } from './elf.ts'
import type { LockedPackage } from './lock-file.ts'
import { libraryDirectories, packageDirectory, readNode, readNodePin, type Sources } from './sources.ts'
import type { FileTree, TarEntry } from './tar.ts'

/** Directory of the app in the image. */
export const APP_DIRECTORY = 'app'
/** Who runs the controller, as in MetalLB's manifests: nobody. */
export const UNPRIVILEGED_ID = 65_534

/** What programs read at run time, and licences. Types, maps, sources and manuals stay out. */
const KEPT = /(?:\.(?:js|cjs|mjs|json|node)|^(?:licen[cs]e|notice|copying)[^/]*)$/i
const LEFT_OUT =
  /(?:^|\/)(?:tests?|__tests__|examples?|benchmarks?|node_modules|\.turbo)\/|(?:^|\/)tsconfig[^/]*\.json$/
/**
 * Two thirds of what is generated there are comments, more than all else of an app. Each is a block that begins a line.
 */
const COMMENTED = '@kubernetes/client-node/dist/gen/'
const COMMENT_BLOCK = /^[ \t]*\/\*[\s\S]*?\*\/[ \t]*\n/gm
const LIBRARY_PATHS = { amd64: 'lib/x86_64-linux-gnu', arm64: 'lib/aarch64-linux-gnu' } as const

/** Node and the app: two layers, of which the images of both apps share the first. */
export interface ImageRoot {
  readonly base: FileTree
  readonly app: FileTree
}

/**
 * The files of an image.
 *
 * @throws Error when an input is missing, or of another architecture
 */
export function buildImageRoot(
  sources: Sources,
  architecture: Architecture,
  packages: readonly LockedPackage[]
): ImageRoot {
  const app = new Map<string, TarEntry>()
  for (const one of packages) addPackage(app, packageDirectory(sources, one), one.destination)
  const node = withoutSymbols(readNode(sources, readNodePin(sources, architecture), architecture))
  const base = new Map<string, TarEntry>([
    ['usr/bin/node', { type: 'file', mode: 0o755, content: node }],
    ['tmp', { type: 'directory', mode: 0o1777 }],
    ['etc/nsswitch.conf', text('hosts: files dns\n')],
    [
      'etc/passwd',
      text(`root:x:0:0:root:/:/nologin\nnobody:x:${UNPRIVILEGED_ID}:${UNPRIVILEGED_ID}:nobody:/:/nologin\n`)
    ],
    ['etc/group', text(`root:x:0:\nnobody:x:${UNPRIVILEGED_ID}:\n`)]
  ])
  addLibraries(base, app, libraryDirectories(sources, architecture), architecture)
  return { base, app }
}

function addPackage(tree: Map<string, TarEntry>, directory: string, destination: string): void {
  const root = [APP_DIRECTORY, destination].filter((part) => part !== '').join('/')
  for (const path of globSync('**/*', { cwd: directory })) {
    const file = join(directory, path)
    if (LEFT_OUT.test(path) || !KEPT.test(basename(path)) || isOurSource(path, directory)) continue
    if (!lstatSync(file).isFile()) continue
    const content = isCommented(`${root}/${path}`)
      ? Buffer.from(readFileSync(file, 'utf8').replaceAll(COMMENT_BLOCK, ''))
      : readFileSync(file)
    if (isElf(content) && readElf(content).needed.some((name) => name.startsWith('libc.musl'))) continue
    tree.set(`${root}/${path}`, { type: 'file', mode: 0o644, content })
  }
}

function isCommented(path: string): boolean {
  return path.includes(COMMENTED) && path.endsWith('.js')
}

/** Packages of the repository are run from `dist`; those of others may well be run from `src`. */
function isOurSource(path: string, directory: string): boolean {
  return existsSync(join(directory, 'tsconfig.build.json')) && path.includes('/') && !path.startsWith('dist/')
}

/** Adds the loader and the libraries that Node and the packages ask for, and those that these ask for. */
function addLibraries(
  base: Map<string, TarEntry>,
  app: FileTree,
  directories: readonly string[],
  architecture: Architecture
): void {
  const known = new Set<string>()
  const visit = (content: Buffer, of: string): void => {
    const { needed, interpreter, architecture: actual } = readElf(content)
    if (actual !== architecture) throw new Error(`${of} is not for ${architecture}`)
    if (interpreter !== undefined) {
      known.add(basename(interpreter))
      base.set(interpreter.slice(1), program(find(basename(interpreter), directories)))
    }
    for (const name of needed) {
      if (known.has(name)) continue
      known.add(name)
      const library = find(name, directories)
      base.set(`${LIBRARY_PATHS[architecture]}/${name}`, program(library))
      visit(library, name)
    }
  }
  for (const [path, entry] of [...base, ...app])
    if (entry.type === 'file' && isElf(entry.content)) visit(entry.content, path)
}

function find(name: string, directories: readonly string[]): Buffer {
  const directory = directories.find((one) => existsSync(join(one, name)))
  if (directory === undefined)
    throw new Error(`no ${name} in ${directories.map((one) => dirname(one)).join(', ')}`)
  return readFileSync(join(directory, name))
}

function program(content: Buffer): TarEntry {
  return { type: 'file', mode: 0o755, content }
}

function text(content: string): TarEntry {
  return { type: 'file', mode: 0o644, content: Buffer.from(content) }
}
