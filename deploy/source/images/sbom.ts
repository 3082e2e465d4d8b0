import { createHash } from 'node:crypto'
import type { LockedPackage } from './lock-file.ts'
import type { NodePin } from './sources.ts'
import type { FileTree } from './tar.ts'

/** What an image is made of. */
export interface Ingredients {
  /** Of the image: `speaker`. */
  readonly name: string
  readonly version: string
  readonly node: NodePin
  readonly packages: readonly LockedPackage[]
  /** The layer with Node and the libraries. */
  readonly base: FileTree
}

/**
 * A software bill of materials in CycloneDX 1.6: every npm package with the digest of the lock file, Node, and each shared
 * library by the digest of its file. It says when it was made only if it is told, so it is the same each time.
 */
export function bomOf({ name, version, node, packages, base }: Ingredients): object {
  const [root] = packages.filter(({ destination }) => destination === '')
  const components = [
    {
      type: 'application',
      'bom-ref': `pkg:npm/${node.name}@${node.version}`,
      name: 'node',
      version: node.version,
      purl: `pkg:npm/${node.name}@${node.version}`,
      hashes: hashesOf(node.integrity)
    },
    ...packages
      .filter((one) => one !== root)
      .map((one) => ({
        type: 'library',
        'bom-ref': refOf(one),
        name: one.name,
        version: one.version,
        purl: purlOf(one),
        ...(one.integrity === undefined ? {} : { hashes: hashesOf(one.integrity) }),
        ...(one.license === undefined ? {} : { licenses: [{ expression: one.license }] })
      })),
    ...[...base].flatMap(([path, entry]) =>
      entry.type === 'file' && /\.so(\.|$)/.test(path)
        ? [
            {
              type: 'file',
              'bom-ref': path,
              name: path,
              hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(entry.content).digest('hex') }]
            }
          ]
        : []
    )
  ]
  const refs = new Map(packages.map((one) => [one.location, one === root ? name : refOf(one)]))
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'container', 'bom-ref': name, name, version } },
    components,
    dependencies: packages.map(({ location, dependencies }) => ({
      ref: refs.get(location),
      dependsOn: dependencies.map((one) => refs.get(one) ?? one).toSorted((a, b) => (a < b ? -1 : 1))
    }))
  }
}

/** One version of a package can be there twice. */
function refOf(one: LockedPackage): string {
  return `${purlOf(one)}#${one.destination}`
}

function purlOf({ name, version }: LockedPackage): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

function hashesOf(integrity: string): readonly object[] {
  const [algorithm = '', digest = ''] = integrity.split(/-(.*)/s)
  return [{ alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') }]
}
