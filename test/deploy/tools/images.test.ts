import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isElf, readElf } from '../../../deploy/source/images/elf.ts'
import { buildImage, COMPONENTS, type Component, type Image } from '../../../deploy/source/images/image.ts'
import { unpack } from '../../../deploy/source/images/unpack.ts'
import { objectsAt, parseObject } from '../../../deploy/source/json.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64'
const MAX_BYTES = 150e6
const isRoot = process.getuid?.() === 0

function build(component: Component): Image {
  return buildImage(
    { root: ROOT, cache: join(ROOT, '.cache', 'images') },
    { component, architecture: ARCHITECTURE, repository: 'localhost', tag: 'test', timeS: 0 }
  )
}

describe.each(COMPONENTS)('the image of the %s', (component) => {
  let image: Image
  let directory: string

  /** Runs the image's Node as the image would be run, in nothing but its files. */
  function runInside(...args: readonly string[]): string {
    const env = { PATH: '/usr/bin' }
    // The shell's own chroot is not in the image.
    return execFileSync('/usr/sbin/chroot', [directory, '/usr/bin/node', ...args], { encoding: 'utf8', env })
  }

  beforeAll(() => {
    image = build(component)
    directory = mkdtempSync(join(tmpdir(), `clarion-${component}-`))
    for (const { tree } of image.layers) unpack(tree, directory)
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  test('is the same to the byte when it is built again', () => {
    expect(build(component).archive.bytes.equals(image.archive.bytes)).toBe(true)
  })

  test('is small', () => {
    expect(image.archive.sizeBytes).toBeLessThanOrEqual(MAX_BYTES)
  })

  test('holds one program, Node: no shell, no compiler, no package manager', () => {
    const programs = image.layers
      .flatMap(({ tree }) => [...tree])
      .flatMap(([path, entry]) =>
        entry.type === 'file' && isElf(entry.content) && readElf(entry.content).interpreter !== undefined
          ? [path]
          : []
      )
    // The C library can be run, too: it prints its version.
    expect(programs.filter((path) => !/\/libc\.so\.6$|\/libpthread\.so\.0$/.test(path))).toEqual([
      'usr/bin/node'
    ])
  })

  test('holds nothing for other machines, and nothing of libpcap', () => {
    const files = image.layers.flatMap(({ tree }) => [...tree])
    const architectures = files.flatMap(([, entry]) =>
      entry.type === 'file' && isElf(entry.content) ? [readElf(entry.content).architecture] : []
    )
    expect(new Set(architectures)).toEqual(new Set([ARCHITECTURE]))
    expect(files.filter(([path]) => /node_modules\/cap\/|musl|\.d\.ts$|\.map$/.test(path))).toEqual([])
  })

  test('has a bill of materials that names Node, every package and every library', () => {
    const bom = parseObject(JSON.stringify(image.bom))
    const names = objectsAt(bom, 'components').map(({ name }) => name)
    const pinned = objectsAt(bom, 'components').filter(({ hashes }) => hashes !== undefined)
    expect(names).toEqual(expect.arrayContaining(['node', 'pino', '@clarion-lb/k8s-watch']))
    expect(names.filter((name) => String(name).endsWith('/libc.so.6'))).toHaveLength(1)
    expect(pinned.length).toBeGreaterThan(60)
  })

  test.runIf(isRoot)('runs in nothing but its own files (needs root)', () => {
    expect(runInside('--version').trim()).toBe(process.version)
    expect(runInside('/app/dist/main.js', '--help')).toContain(`clarion-${component}`)
    const library = '/app/node_modules/@kubernetes/client-node/dist/index.js'
    const script = `import(${JSON.stringify(library)}).then((all) => console.log(typeof all.KubeConfig))`
    expect(runInside('-e', script).trim()).toBe('function')
  })

  // Only the speaker has calls to make.
  const callers = component === 'speaker' ? [component] : []
  test.runIf(isRoot).each(callers)('calls the C library as the %s (needs root)', () => {
    const script = `import('/app/node_modules/koffi/index.js').then(({ default: koffi }) => console.log(koffi.load('libc.so.6').func('int getuid()')()))`
    expect(runInside('-e', script).trim()).toBe('0')
  })
})
