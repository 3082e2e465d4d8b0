import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { objectAt, parseObject, textAt } from '../json.ts'
import type { Architecture } from './elf.ts'
import type { LockedPackage, Workspaces } from './lock-file.ts'

/** Where the inputs of an image come from. */
export interface Sources {
  /** Directory of the repository, with its npm packages installed and its own built. */
  readonly root: string
  /** Directory for what is fetched; kept between builds. */
  readonly cache: string
}

/** The program that runs the apps: Node's npm package for one architecture, pinned. */
export interface NodePin {
  readonly name: string
  readonly version: string
  readonly integrity: string
  readonly binarySha256: string
}

const NATIVE: Architecture | undefined =
  process.arch === 'x64' ? 'amd64' : process.arch === 'arm64' ? 'arm64' : undefined
const DEBIAN_PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6'] as const
const TRIPLETS = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const

/** What each package of the repository says of itself, by location. */
export function readWorkspaces({ root }: Sources): Workspaces {
  const files = globSync(['packages/*/package.json', 'apps/*/package.json'], { cwd: root }).toSorted()
  return Object.fromEntries(
    files.map((file) => [
      file.slice(0, -'/package.json'.length),
      parseObject(readFileSync(join(root, file), 'utf8'))
    ])
  )
}

/** The pin of Node for an architecture. @throws Error when it is of another version than the lock file's */
export function readNodePin({ root }: Pick<Sources, 'root'>, architecture: Architecture): NodePin {
  const pins = parseObject(readFileSync(join(root, 'deploy', 'images', 'node.json'), 'utf8'))
  const lock = parseObject(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const locked = textAt(objectAt(objectAt(lock, 'packages'), 'node_modules/node'), 'version')
  const version = textAt(pins, 'version') ?? ''
  if (version !== locked)
    throw new Error(`deploy/images/node.json pins Node ${version}, the lock file ${locked ?? 'none'}`)
  const pin = objectAt(pins, architecture)
  return {
    version,
    name: textAt(pin, 'package') ?? '',
    integrity: textAt(pin, 'integrity') ?? '',
    binarySha256: textAt(pin, 'binarySha256') ?? ''
  }
}

/** The program `node`: the installed one when it is for that architecture, else from the registry. */
export function readNode(sources: Sources, pin: NodePin, architecture: Architecture): Buffer {
  const installed = join(sources.root, 'node_modules', 'node', 'bin', 'node')
  const file =
    architecture === NATIVE && existsSync(installed)
      ? installed
      : join(fetchPackage(sources, pin), 'bin', 'node')
  const bytes = readFileSync(file)
  const digest = createHash('sha256').update(bytes).digest('hex')
  if (digest !== pin.binarySha256) throw new Error(`${file} is not the pinned Node ${pin.version}`)
  return bytes
}

/** Directory of a package: the installed one, or from the registry when npm did not install it on this machine. */
export function packageDirectory(sources: Sources, one: LockedPackage): string {
  const installed = join(sources.root, one.location)
  if (existsSync(join(installed, 'package.json'))) return installed
  if (one.integrity === undefined) throw new Error(`${one.location} is not there`)
  return fetchPackage(sources, { name: one.name, version: one.version, integrity: one.integrity })
}

/**
 * Directories to look for shared libraries in: this machine's, if it is a Debian of that architecture; else those of
 * Debian's packages, which apt fetches and verifies without installing them.
 */
export function libraryDirectories(sources: Sources, architecture: Architecture): readonly string[] {
  const triplet = TRIPLETS[architecture]
  const directories = (base: string): string[] => [
    join(base, 'lib', triplet),
    join(base, 'usr', 'lib', triplet)
  ]
  const isHere = architecture === NATIVE && existsSync('/etc/debian_version')
  return directories(isHere ? '/' : fetchDebianPackages(sources, architecture))
}

function fetchPackage(
  { cache }: Sources,
  {
    name,
    version,
    integrity
  }: { readonly name: string; readonly version: string; readonly integrity: string }
): string {
  const directory = join(cache, 'npm', `${name.replace('/', '+')}-${version}`)
  if (existsSync(directory)) return join(directory, 'package')
  mkdirSync(join(cache, 'npm'), { recursive: true })
  const scratch = mkdtempSync(join(cache, 'npm', '.fetch-'))
  try {
    const spec = `${name}@${version}`
    const file = execFileSync('npm', ['pack', '--silent', '--pack-destination', scratch, spec], {
      encoding: 'utf8'
    }).trim()
    const [algorithm = '', digest] = integrity.split(/-(.*)/s)
    const found = createHash(algorithm)
      .update(readFileSync(join(scratch, file)))
      .digest('base64')
    if (found !== digest) throw new Error(`${spec}: the registry has other bytes than the lock file says`)
    execFileSync('tar', ['-xzf', file], { cwd: scratch })
    rmSync(join(scratch, file))
    renameSync(scratch, directory)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return join(directory, 'package')
}

/** Runs apt with state of its own: it reads the machine's sources and keys, and changes nothing there. */
function fetchDebianPackages({ cache }: Sources, architecture: Architecture): string {
  const directory = join(cache, `debian-${architecture}`)
  const tree = join(directory, 'root')
  if (existsSync(tree)) return tree
  const scratch = join(directory, 'scratch')
  for (const part of ['lists/partial', 'archives/partial'])
    mkdirSync(join(scratch, part), { recursive: true })
  const settings = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures::=${architecture}`,
    `Dir::State::Lists=${join(scratch, 'lists')}`,
    `Dir::Cache=${scratch}`,
    'Dir::State::Status=/dev/null',
    'APT::Sandbox::User=root'
  ].flatMap((setting) => ['-o', setting])
  execFileSync('apt-get', [...settings, '-qq', 'update'], { stdio: ['ignore', 'ignore', 'inherit'] })
  execFileSync('apt-get', [...settings, '-qq', 'download', ...DEBIAN_PACKAGES], {
    cwd: scratch,
    stdio: ['ignore', 'ignore', 'inherit']
  })
  for (const file of globSync('*.deb', { cwd: scratch }))
    execFileSync('dpkg-deb', ['-x', file, join(scratch, 'root')], { cwd: scratch })
  renameSync(join(scratch, 'root'), tree)
  rmSync(scratch, { recursive: true })
  return tree
}
