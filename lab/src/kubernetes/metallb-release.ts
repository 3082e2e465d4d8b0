import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '../shell.ts'
import type { Programs } from './get-programs.ts'
import { GO_ENVIRONMENT } from './go-toolchain.ts'
import { PROGRAM, writeProgramImages } from './images.ts'
import { GO_MODULES } from './programs.ts'

const MODULE = 'go.universe.tf/metallb'
const MANIFEST = 'metallb-native.yaml'

/** MetalLB as it is installed. */
export interface MetallbRelease {
  /** Text of its manifest for kubectl: definitions, rights, workloads, webhooks. */
  readonly manifest: string
  /** OCI archives of its images, by the names that the manifest has. */
  readonly imageArchives: readonly string[]
}

/**
 * MetalLB's own manifest, out of its Go module, and images of its programs.
 *
 * @param directory - Where the images are put.
 * @param programs - With `METALLB_PROGRAMS`.
 */
export async function getMetallbRelease(directory: string, programs: Programs): Promise<MetallbRelease> {
  const manifest = await readManifest(programs)
  const imageArchives = await Promise.all(
    (['controller', 'speaker'] as const).map(async (component) => {
      const [, name] = new RegExp(`image: (\\S+/${component}:\\S+)`).exec(manifest) ?? []
      if (name === undefined) throw new Error(`${MANIFEST} has no image of the ${component}`)
      const place = join(directory, `metallb-${component}`)
      await mkdir(place, { recursive: true })
      const program = programs.get(`metallb-${component}`) ?? component
      return writeProgramImages(place, program, [[name, { Entrypoint: [PROGRAM] }]])
    })
  )
  return { manifest, imageArchives }
}

/** It is kept beside the programs: what Go has downloaded may be gone. */
async function readManifest(programs: Programs): Promise<string> {
  const kept = join(dirname(programs.get('metallb-controller') ?? ''), MANIFEST)
  return readFile(kept, 'utf8').catch(async () => {
    const downloaded = JSON.parse(await askGo('mod', 'download', '-json', MODULE)) as { readonly Dir: string }
    await copyFile(join(downloaded.Dir, 'config', 'manifests', MANIFEST), kept)
    return readFile(kept, 'utf8')
  })
}

async function askGo(...args: readonly string[]): Promise<string> {
  const module = GO_MODULES.find(({ name }) => name === 'metallb')
  const environment = Object.entries(GO_ENVIRONMENT).map(([name, value]) => `${name}=${value}`)
  return run('env', [...environment, 'go', '-C', module?.directory ?? '.', ...args])
}
