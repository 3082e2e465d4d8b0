import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { textAt } from '../json.ts'
import type { Architecture } from './elf.ts'
import { parseFirstLine } from './first-line.ts'
import { APP_DIRECTORY, buildImageRoot, UNPRIVILEGED_ID } from './image-root.ts'
import { productionPackages } from './lock-file.ts'
import { type ImageArchive, type ImageConfig, type ImageLayer, ociArchive } from './oci.ts'
import { bomOf } from './sbom.ts'
import { readNodePin, readWorkspaces, type Sources } from './sources.ts'

export const COMPONENTS = ['controller', 'speaker'] as const
/** A binary with an image of its own. */
export type Component = (typeof COMPONENTS)[number]

/** Where the images are, for those who do not say otherwise. */
export const REPOSITORY = 'ghcr.io/clarion-lb'

export interface ImageOptions {
  readonly component: Component
  readonly architecture: Architecture
  /** Without the component: `ghcr.io/clarion-lb`. */
  readonly repository: string
  readonly tag: string
  /** Seconds since 1970. */
  readonly timeS: number
}

export interface Image {
  readonly reference: string
  readonly layers: readonly ImageLayer[]
  readonly archive: ImageArchive
  /** CycloneDX. */
  readonly bom: object
}

/** Builds the image of a binary from what is installed and built in the repository. @throws Error when something is missing */
export function buildImage(
  sources: Sources,
  { component, architecture, repository, tag, timeS }: ImageOptions
): Image {
  const app = `apps/${component}`
  const workspaces = readWorkspaces(sources)
  const lockText = readFileSync(join(sources.root, 'package-lock.json'), 'utf8')
  const packages = productionPackages({ lockText, workspaces }, app, architecture)
  const root = buildImageRoot(sources, architecture, packages)
  if (!root.app.has(`${APP_DIRECTORY}/dist/main.js`)) throw new Error(`${app} is not built: npm run build`)
  const version = textAt(workspaces[app] ?? {}, 'version') ?? ''
  const layers = [
    { comment: `node ${readNodePin(sources, architecture).version}`, tree: root.base },
    { comment: `clarion ${component} ${version}`, tree: root.app }
  ]
  const reference = `${repository}/${component}:${tag}`
  const config = imageConfig(sources, component, { architecture, version })
  return {
    reference,
    layers,
    archive: ociArchive(reference, config, layers, timeS),
    bom: bomOf({
      name: component,
      version,
      node: readNodePin(sources, architecture),
      packages,
      base: root.base
    })
  }
}

/** How the image starts its binary: as the first line of the main module says. */
export function imageConfig(
  { root }: Pick<Sources, 'root'>,
  component: Component,
  { architecture, version }: { readonly architecture: Architecture; readonly version: string }
): ImageConfig {
  const { env, nodeArguments } = parseFirstLine(
    readFileSync(join(root, 'apps', component, 'src', 'main.ts'), 'utf8')
  )
  return {
    architecture,
    entrypoint: ['/usr/bin/node', ...nodeArguments, `/${APP_DIRECTORY}/dist/main.js`],
    env: [
      'PATH=/usr/bin',
      'NODE_ENV=production',
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`)
    ],
    // Packet sockets need NET_RAW, which only the superuser keeps when privileges may not grow (no_new_privs).
    user: component === 'speaker' ? '0:0' : `${UNPRIVILEGED_ID}:${UNPRIVILEGED_ID}`,
    labels: {
      'org.opencontainers.image.title': `clarion-${component}`,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.source': 'https://github.com/clarion-lb/clarion'
    }
  }
}
