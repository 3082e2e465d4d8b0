// Builds the container images of both binaries as OCI archives, without a daemon and without pulling an image:
//   build-images.ts [--arch amd64|arm64] [--repository R] [--tag T] [--output DIR] [controller] [speaker]
// For each: DIR/clarion-NAME-ARCH.tar and its bill of materials, …cdx.json. With --unpacked DIR instead the files of each
// image under DIR/NAME. The packages have to be built (npm run images does that). SOURCE_DATE_EPOCH is the time of all
// files; 0 if it is not set.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildImage, COMPONENTS, REPOSITORY } from '../deploy/source/images/image.ts'
import { unpack } from '../deploy/source/images/unpack.ts'

const root = join(import.meta.dirname, '..')
const version = /"version": "([^"]+)"/.exec(
  readFileSync(join(root, 'apps/speaker/package.json'), 'utf8')
)?.[1]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' },
    repository: { type: 'string', default: REPOSITORY },
    tag: { type: 'string', default: `v${version ?? ''}` },
    unpacked: { type: 'string' },
    output: { type: 'string', default: join(root, 'dist', 'images') }
  }
})
const { arch: architecture, repository, tag, output, unpacked } = values
if (architecture !== 'amd64' && architecture !== 'arm64') throw new Error(`no images for ${architecture}`)
const components = COMPONENTS.filter((name) => positionals.length === 0 || positionals.includes(name))
if (unpacked === undefined) mkdirSync(output, { recursive: true })
for (const component of components) {
  const { archive, bom, layers, reference } = buildImage(
    { root, cache: join(root, '.cache', 'images') },
    { component, architecture, repository, tag, timeS: Number(process.env['SOURCE_DATE_EPOCH'] ?? '0') }
  )
  if (unpacked !== undefined) {
    for (const { tree } of layers) unpack(tree, join(unpacked, component))
    continue
  }
  const file = join(output, `clarion-${component}-${architecture}`)
  writeFileSync(`${file}.tar`, archive.bytes)
  writeFileSync(`${file}.cdx.json`, `${JSON.stringify(bom, undefined, 2)}\n`)
  console.log(`${reference} ${archive.digest} ${(archive.sizeBytes / 1e6).toFixed(1)} MB ${file}.tar`)
}
