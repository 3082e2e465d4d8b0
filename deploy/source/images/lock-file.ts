import { isObject, type JsonObject, objectAt, parseObject, textAt, textsAt } from '../json.ts'
import type { Architecture } from './elf.ts'

/** A package of the lock file that an app needs at run time. */
export interface LockedPackage {
  readonly name: string
  readonly version: string
  /** Where it is, from the root of the repository: `node_modules/pino`, `packages/arp`. */
  readonly location: string
  /** Where it goes, from the directory of the app in the image; empty for the app itself. */
  readonly destination: string
  /** Of the tarball, as npm writes it; `undefined` for what is of this repository. */
  readonly integrity: string | undefined
  readonly license: string | undefined
  /** Locations of what it needs. */
  readonly dependencies: readonly string[]
}

/** The packages of this repository: what their `package.json` says, by location. */
export type Workspaces = Readonly<Record<string, JsonObject>>

const NPM_CPU: Readonly<Record<Architecture, string>> = { amd64: 'x64', arm64: 'arm64' }

/**
 * What an app of this repository needs at run time, by location, as Node finds it: packages of the repository by their
 * own `package.json`, all others by the lock file. Optional peers are left out, and what is made for other machines.
 *
 * @param app location of the app, `apps/speaker`
 * @throws Error when the lock file lacks something, or two packages would be in one place
 */
export function productionPackages(
  { lockText, workspaces }: { readonly lockText: string; readonly workspaces: Workspaces },
  app: string,
  architecture: Architecture
): readonly LockedPackage[] {
  const links = Object.fromEntries(
    Object.entries(workspaces).map(([location, { name }]) => [
      `node_modules/${String(name)}`,
      { link: true, resolved: location }
    ])
  )
  const entries = { ...objectAt(parseObject(lockText), 'packages'), ...links, ...workspaces }
  const found = new Map<string, LockedPackage>()
  const todo = [app]
  for (let location = todo.pop(); location !== undefined; location = todo.pop()) {
    if (found.has(location)) continue
    const entry = objectAt(entries, location)
    const dependencies = dependenciesOf(entries, location, architecture)
    found.set(location, {
      name: textAt(entry, 'name') ?? location.slice(location.lastIndexOf('node_modules/') + 13),
      version: textAt(entry, 'version') ?? '0.0.0',
      location,
      destination: destinationOf(location, app, entries),
      integrity: textAt(entry, 'integrity'),
      license: textAt(entry, 'license'),
      dependencies
    })
    todo.push(...dependencies)
  }
  const packages = [...found.values()].toSorted((a, b) => (a.location < b.location ? -1 : 1))
  refuseCollisions(packages)
  return packages
}

function dependenciesOf(
  entries: JsonObject,
  location: string,
  architecture: Architecture
): readonly string[] {
  const entry = objectAt(entries, location)
  const optional = objectAt(entry, 'optionalDependencies')
  const peersMeta = objectAt(entry, 'peerDependenciesMeta')
  const peers = Object.keys(objectAt(entry, 'peerDependencies')).filter(
    (name) => objectAt(peersMeta, name)['optional'] !== true
  )
  const names = [...Object.keys(objectAt(entry, 'dependencies')), ...peers, ...Object.keys(optional)]
  return [...new Set(names)].flatMap((name) => {
    const target = resolve(entries, location, name)
    if (target !== undefined && isFor(objectAt(entries, target), architecture)) return [target]
    if (name in optional) return []
    throw new Error(`${location} needs ${name}, which the lock file does not have for ${architecture}`)
  })
}

/** Node's way: up from the package, the nearest `node_modules` that has it. */
function resolve(entries: JsonObject, from: string, name: string): string | undefined {
  const parts = from.split('/')
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    if (parts[depth - 1] === 'node_modules') continue
    const location = [...parts.slice(0, depth), 'node_modules', name].join('/')
    const entry = entries[location]
    if (!isObject(entry)) continue
    return entry['link'] === true ? textAt(entry, 'resolved') : location
  }
  return undefined
}

function isFor(entry: JsonObject, architecture: Architecture): boolean {
  const isListed = (name: string, wanted: string): boolean => {
    const listed = textsAt(entry, name)
    return listed.length === 0 || listed.includes(wanted)
  }
  return isListed('os', 'linux') && isListed('cpu', NPM_CPU[architecture]) && isListed('libc', 'glibc')
}

/** Packages of this repository go where npm would put them in a project that only has the app. */
function destinationOf(location: string, app: string, entries: JsonObject): string {
  const [owner = '', ...nested] = location.split('/node_modules/')
  const inside = nested.map((name) => `node_modules/${name}`).join('/')
  if (location.startsWith('node_modules/')) return location
  if (owner === app) return inside
  const name = textAt(objectAt(entries, owner), 'name') ?? owner
  return [`node_modules/${name}`, inside].filter((part) => part !== '').join('/')
}

function refuseCollisions(packages: readonly LockedPackage[]): void {
  const taken = new Map<string, string>()
  for (const { location, destination } of packages) {
    const other = taken.get(destination)
    if (other !== undefined) throw new Error(`${location} and ${other} would both be ${destination}`)
    taken.set(destination, location)
  }
}
