import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = '/sys/fs/cgroup'
const UNIFIED_CONTROLLERS = ['cpuset', 'cpu', 'io', 'memory', 'pids'] as const
const REMOVE_ATTEMPTS = 50

/** Makes the control group of a node, in every hierarchy: `path` as `/clarion-1/node-1`. */
export async function createControlGroup(path: string): Promise<void> {
  const names = path.split('/').filter((name) => name !== '')
  for (const hierarchy of await hierarchies()) {
    let directory = hierarchy
    for (const name of names) {
      if (isUnified(directory)) await enableControllers(directory)
      directory = join(directory, name)
      await mkdir(directory, { recursive: true })
      if (existsSync(join(directory, 'cpuset.cpus')) && !isUnified(directory))
        await inheritProcessors(directory)
    }
  }
}

/** Removes a control group and all below it, once their processes are gone. */
export async function removeControlGroup(name: string): Promise<void> {
  // runc makes groups where none was asked for, too.
  for (const hierarchy of [...(await hierarchies()), join(ROOT, 'unified')]) {
    const directory = join(hierarchy, name)
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS && existsSync(directory); attempt += 1) {
      await removeTree(directory).catch(async () => sleep(50))
    }
  }
}

/** One, or with version 1 one for each controller. */
async function hierarchies(): Promise<readonly string[]> {
  if (isUnified(ROOT)) return [ROOT]
  const names = await readdir(ROOT)
  return names.filter((name) => name !== 'unified').map((name) => join(ROOT, name))
}

function isUnified(directory: string): boolean {
  return existsSync(join(directory, 'cgroup.controllers'))
}

/** Children get only what their parent hands down. */
async function enableControllers(directory: string): Promise<void> {
  const has = (await readFile(join(directory, 'cgroup.controllers'), 'utf8')).split(/\s+/)
  const wanted = UNIFIED_CONTROLLERS.filter((name) => has.includes(name)).map((name) => `+${name}`)
  await writeFile(join(directory, 'cgroup.subtree_control'), wanted.join(' '))
}

/** In version 1 a new group has no processors at all. */
async function inheritProcessors(directory: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const parent = await readFile(join(directory, '..', file), 'utf8')
    await writeFile(join(directory, file), parent.trim())
  }
}

/** Their files are the kernel's: only directories can be removed, the deepest first. */
async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true })
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name))
  await rmdir(directory)
}
