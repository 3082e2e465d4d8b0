import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../shell.ts'

/** What holds a pod's namespaces. */
export const PAUSE_IMAGE = 'localhost/pause:lab'
/** Answers HTTP on port 8080 with who it is and whom it sees; `/readyz` and `/healthz` are for probes. */
export const WEB_IMAGE = 'localhost/web:lab'

/** Where an image has its program. */
export const PROGRAM = '/program'

const OCI = 'application/vnd.oci.image'
/** The same bytes each time. */
const TAR_FLAGS = [
  '--sort=name',
  '--mtime=@0',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--format=gnu'
] as const
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** Image names with what a container of the image runs, as in an OCI image configuration. */
export type ImageConfigs = readonly (readonly [string, object])[]

/** Both images of the pod program, as one OCI archive: see {@link writeProgramImages}. */
export async function writeImages(directory: string, program: string): Promise<string> {
  return writeProgramImages(directory, program, [
    [PAUSE_IMAGE, { Entrypoint: [PROGRAM, 'pause'], User: '65535:65535' }],
    [WEB_IMAGE, { Entrypoint: [PROGRAM, 'web'], User: '10001:10001' }]
  ])
}

/**
 * Makes images of one static program, as one OCI archive, and returns its path. Nothing is pulled, and no builder is
 * needed.
 *
 * @param directory - Where the archive is put, and what it is made of.
 * @param images - Their entry points start with {@link PROGRAM}.
 */
export async function writeProgramImages(
  directory: string,
  program: string,
  images: ImageConfigs
): Promise<string> {
  const blobs = join(directory, 'oci', 'blobs', 'sha256')
  const root = join(directory, 'root')
  await Promise.all([mkdir(blobs, { recursive: true }), mkdir(root, { recursive: true })])
  await copyFile(program, join(root, PROGRAM))
  const layerFile = join(directory, 'layer.tar')
  await run('tar', [...TAR_FLAGS, '-C', root, '-cf', layerFile, '.'])
  const layer = await putBlob(blobs, `${OCI}.layer.v1.tar`, await readFile(layerFile))
  const manifests = await Promise.all(
    images.map(async ([name, config]) => {
      const manifest = await putManifest(blobs, layer, config)
      return { ...manifest, annotations: { 'io.containerd.image.name': name } }
    })
  )
  const files = {
    'index.json': { schemaVersion: 2, manifests },
    'oci-layout': { imageLayoutVersion: '1.0.0' }
  }
  for (const [file, content] of Object.entries(files))
    await writeFile(join(directory, 'oci', file), JSON.stringify(content))
  const archive = join(directory, 'images.tar')
  await run('tar', [...TAR_FLAGS, '-C', join(directory, 'oci'), '-cf', archive, '.'])
  return archive
}

async function putManifest(blobs: string, layer: Descriptor, settings: object): Promise<Descriptor> {
  const config = await putBlob(blobs, `${OCI}.config.v1+json`, {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: settings,
    rootfs: { type: 'layers', diff_ids: [layer.digest] }
  })
  const mediaType = `${OCI}.manifest.v1+json`
  return putBlob(blobs, mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] })
}

async function putBlob(blobs: string, mediaType: string, content: Buffer | object): Promise<Descriptor> {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
  const hash = createHash('sha256').update(bytes).digest('hex')
  await writeFile(join(blobs, hash), bytes)
  return { mediaType, digest: `sha256:${hash}`, size: bytes.length }
}
