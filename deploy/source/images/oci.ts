import { createHash } from 'node:crypto'
import type { Architecture } from './elf.ts'
import { type FileTree, type TarEntry, tarOf } from './tar.ts'

/** What the configuration of an image says of how it is run. */
export interface ImageConfig {
  readonly architecture: Architecture
  readonly entrypoint: readonly string[]
  readonly env: readonly string[]
  /** `uid:gid` */
  readonly user: string
  readonly labels: Readonly<Record<string, string>>
}

export interface ImageLayer {
  /** What made it, for `history`. */
  readonly comment: string
  readonly tree: FileTree
}

/** An image archive, and what to call it by. */
export interface ImageArchive {
  readonly bytes: Buffer
  /** Of the manifest. */
  readonly digest: string
  /** Of all files, unpacked. */
  readonly sizeBytes: number
}

const OCI = 'application/vnd.oci.image'

interface Blob {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/**
 * An OCI image layout in one archive, as `ctr images import` and `skopeo copy oci-archive:` take it; with a
 * `manifest.json` beside it, as `docker load` does. The same input gives the same bytes.
 *
 * @param reference name and tag, `ghcr.io/clarion-lb/speaker:v0.1.0`
 * @param timeS time of all files, and the image's creation; seconds since 1970
 * @see OCI Image Format Specification 1.1, image layout
 */
export function ociArchive(
  reference: string,
  config: ImageConfig,
  layers: readonly ImageLayer[],
  timeS: number
): ImageArchive {
  const tree = new Map<string, TarEntry>()
  const put = (bytes: Buffer, mediaType: string): Blob => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    tree.set(`blobs/sha256/${hex}`, { type: 'file', mode: 0o644, content: bytes })
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const created = new Date(timeS * 1000).toISOString()
  // Not compressed: what a compressor makes differs between its versions, and a registry client compresses anyway.
  const blobs = layers.map((layer) =>
    put(Buffer.concat([...tarOf(layer.tree, timeS)]), `${OCI}.layer.v1.tar`)
  )
  const configBlob = put(
    json({
      created,
      architecture: config.architecture,
      os: 'linux',
      config: {
        Entrypoint: config.entrypoint,
        Env: config.env,
        User: config.user,
        WorkingDir: '/',
        Labels: config.labels
      },
      rootfs: { type: 'layers', diff_ids: blobs.map(({ digest }) => digest) },
      history: layers.map(({ comment }) => ({ created, created_by: comment }))
    }),
    `${OCI}.config.v1+json`
  )
  const manifestType = `${OCI}.manifest.v1+json`
  const manifest = put(
    json({ schemaVersion: 2, mediaType: manifestType, config: configBlob, layers: blobs }),
    manifestType
  )
  const annotations = {
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1)
  }
  const platform = { architecture: config.architecture, os: 'linux' }
  const index = {
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests: [{ ...manifest, platform, annotations }]
  }
  const docker = [{ Config: pathOf(configBlob), RepoTags: [reference], Layers: blobs.map(pathOf) }]
  tree.set('index.json', file(json(index)))
  tree.set('manifest.json', file(json(docker)))
  tree.set('oci-layout', file(json({ imageLayoutVersion: '1.0.0' })))
  return {
    bytes: Buffer.concat([...tarOf(tree, timeS)]),
    digest: manifest.digest,
    sizeBytes: layers.reduce((sum, layer) => sum + treeSize(layer.tree), 0)
  }
}

function treeSize(tree: FileTree): number {
  return [...tree.values()].reduce(
    (sum, entry) => sum + (entry.type === 'file' ? entry.content.length : 0),
    0
  )
}

function pathOf({ digest }: Blob): string {
  return `blobs/${digest.replace(':', '/')}`
}

function file(content: Buffer): TarEntry {
  return { type: 'file', mode: 0o644, content }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
