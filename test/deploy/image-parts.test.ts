import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isElf, readElf, withoutSymbols } from '../../deploy/source/images/elf.ts'
import { parseFirstLine } from '../../deploy/source/images/first-line.ts'
import { COMPONENTS, imageConfig } from '../../deploy/source/images/image.ts'
import { productionPackages } from '../../deploy/source/images/lock-file.ts'
import { ociArchive } from '../../deploy/source/images/oci.ts'
import { readNodePin } from '../../deploy/source/images/sources.ts'
import { type FileTree, tarOf } from '../../deploy/source/images/tar.ts'

const ROOT = join(import.meta.dirname, '..', '..')

describe('the first line of a main module', () => {
  test('says variables and arguments of Node', () => {
    expect(parseFirstLine('#!/usr/bin/env -S A=1 B=2=3 node --x --y=1\nimport a')).toEqual({
      env: { A: '1', B: '2=3' },
      nodeArguments: ['--x', '--y=1']
    })
  })

  test.each(['', '#!/usr/bin/env node', '#!/usr/bin/env -S python', '#!/usr/bin/env -S x node'])(
    'is refused when it is something else: %j',
    (line) => {
      expect(() => parseFirstLine(line)).toThrow(SyntaxError)
    }
  )

  test.each(COMPONENTS)('starts the %s in its image, too', (component) => {
    const source = readFileSync(join(ROOT, 'apps', component, 'src', 'main.ts'), 'utf8')
    const { entrypoint, env } = imageConfig({ root: ROOT }, component, {
      architecture: 'amd64',
      version: '1'
    })
    const variables = env.filter((one) => !/^(PATH|NODE_ENV)=/.test(one))
    const command = [...variables, 'node', ...entrypoint.slice(1, -1)].join(' ')
    expect(source.split('\n', 1)).toEqual([`#!/usr/bin/env -S ${command}`])
    expect(entrypoint.at(-1)).toBe('/app/dist/main.js')
  })
})

describe('packages of an image', () => {
  const workspaces = {
    'apps/x': { name: '@s/x', version: '1.0.0', dependencies: { a: '1', '@s/p': '1' } },
    'packages/p': {
      name: '@s/p',
      dependencies: { a: '2', native: '1' },
      peerDependencies: { cap: '1' },
      peerDependenciesMeta: { cap: { optional: true } }
    }
  }
  const packages = {
    'node_modules/@s/x': { link: true, resolved: 'apps/x' },
    'node_modules/@s/p': { link: true, resolved: 'packages/p' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-AA==', dependencies: { b: '1' } },
    'node_modules/b': { version: '1.0.0' },
    'node_modules/cap': { version: '1.0.0' },
    'packages/p/node_modules/a': { version: '2.0.0' },
    'node_modules/native': {
      version: '1.0.0',
      optionalDependencies: { 'native-x64': '1', 'native-arm64': '1' }
    },
    'node_modules/native-x64': { version: '1.0.0', cpu: ['x64'], os: ['linux'] },
    'node_modules/native-arm64': { version: '1.0.0', cpu: ['arm64'], os: ['linux'] }
  }
  const lockText = JSON.stringify({ packages })

  test('are those that Node finds from the app, each where Node finds it; optional peers are not', () => {
    const found = productionPackages({ lockText, workspaces }, 'apps/x', 'amd64')
    expect(found.map(({ destination, version }) => `${destination} ${version}`)).toEqual([
      ' 1.0.0',
      'node_modules/a 1.0.0',
      'node_modules/b 1.0.0',
      'node_modules/native 1.0.0',
      'node_modules/native-x64 1.0.0',
      'node_modules/@s/p 0.0.0',
      'node_modules/@s/p/node_modules/a 2.0.0'
    ])
  })

  test('are those of the architecture that was asked for', () => {
    const found = productionPackages({ lockText, workspaces }, 'apps/x', 'arm64').map(({ name }) => name)
    expect(found).toContain('native-arm64')
    expect(found).not.toContain('native-x64')
  })

  test('that the lock file lacks are an error', () => {
    const lacking = JSON.stringify({ packages: { ...packages, 'node_modules/b': undefined } })
    expect(() => productionPackages({ lockText: lacking, workspaces }, 'apps/x', 'amd64')).toThrow('needs b')
  })

  test('run on the Node that the lock file has', () => {
    const { version } = readNodePin({ root: ROOT }, 'amd64')
    expect(`v${version}`).toBe(process.version)
    expect(readNodePin({ root: ROOT }, 'arm64').integrity).toMatch(/^sha512-/)
  })
})

describe('an archive', () => {
  const long = `${'d'.repeat(60)}/${'e'.repeat(60)}/file`
  const tree: FileTree = new Map([
    ['b/c', { type: 'file', mode: 0o600, content: Buffer.from('two') }],
    ['a', { type: 'link', target: 'b/c' }],
    [long, { type: 'file', mode: 0o755, content: Buffer.alloc(513, 'x') }],
    ['tmp', { type: 'directory', mode: 0o1777 }]
  ])

  test('is what tar reads: names, modes, links, times', () => {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-tar-'))
    try {
      writeFileSync(join(directory, 'x.tar'), Buffer.concat([...tarOf(tree, 86_400)]))
      const listed = execFileSync('tar', ['-tvf', 'x.tar', '--numeric-owner', '--utc'], {
        cwd: directory,
        encoding: 'utf8'
      })
      expect(
        listed
          .trimEnd()
          .split('\n')
          .map((line) => line.replaceAll(/ +/g, ' '))
      ).toEqual([
        'lrwxrwxrwx 0/0 0 1970-01-02 00:00 a -> b/c',
        'drwxr-xr-x 0/0 0 1970-01-02 00:00 b/',
        '-rw------- 0/0 3 1970-01-02 00:00 b/c',
        `drwxr-xr-x 0/0 0 1970-01-02 00:00 ${'d'.repeat(60)}/`,
        `drwxr-xr-x 0/0 0 1970-01-02 00:00 ${'d'.repeat(60)}/${'e'.repeat(60)}/`,
        `-rwxr-xr-x 0/0 513 1970-01-02 00:00 ${long}`,
        'drwxrwxrwt 0/0 0 1970-01-02 00:00 tmp/'
      ])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('does not depend on the order in which files were found', () => {
    const reversed = new Map([...tree].toReversed())
    expect(Buffer.concat([...tarOf(reversed, 0)]).equals(Buffer.concat([...tarOf(tree, 0)]))).toBe(true)
  })

  test('refuses a path that it cannot hold', () => {
    const path = 'x'.repeat(101)
    const entry = { type: 'file', mode: 0o644, content: Buffer.alloc(0) } as const
    expect(() => [...tarOf(new Map([[path, entry]]), 0)]).toThrow(RangeError)
  })

  test('of an image names it for containerd, and holds each blob under its digest', () => {
    const config = { architecture: 'amd64', entrypoint: ['/x'], env: [], user: '0:0', labels: {} } as const
    const { bytes, sizeBytes } = ociArchive('host/x:v1', config, [{ comment: 'x', tree }], 0)
    const text = bytes.toString('latin1')
    expect(sizeBytes).toBe(516)
    expect(text).toContain('"io.containerd.image.name":"host/x:v1"')
    expect(text).toContain('"org.opencontainers.image.ref.name":"v1"')
    expect(text).toContain('"RepoTags":["host/x:v1"]')
    expect(text).toContain('{"imageLayoutVersion":"1.0.0"}')
  })
})

describe('an ELF file', () => {
  const program = readFileSync(process.execPath)

  test('tells its loader, its libraries and its architecture', () => {
    const { architecture, interpreter, needed } = readElf(program)
    expect(isElf(program)).toBe(true)
    expect(architecture).toBe(process.arch === 'arm64' ? 'arm64' : 'amd64')
    expect(interpreter).toMatch(/^\/lib.*\/ld-linux/)
    expect(needed).toContain('libc.so.6')
  })

  test('asks for the same without its symbols', () => {
    const stripped = withoutSymbols(program)
    expect(stripped.length).toBeLessThan(program.length)
    expect(readElf(stripped)).toEqual(readElf(program))
  })

  test('is not what begins otherwise', () => {
    expect(isElf(Buffer.from('#!/bin/sh'))).toBe(false)
    expect(isElf(Buffer.alloc(0))).toBe(false)
  })
})
