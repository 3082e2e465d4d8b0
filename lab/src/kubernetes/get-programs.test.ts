import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { planPrograms } from './get-programs.ts'
import { findGo } from './go-toolchain.ts'
import { moduleCacheDirectory } from './program-cache.ts'
import { CONTROL_PLANE_PROGRAMS, GO_MODULES, METALLB_VERSION } from './programs.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clarion-programs-'))
})
afterEach(async () => rm(directory, { recursive: true }))

async function addProgram(name: string): Promise<string> {
  const file = join(directory, name)
  await writeFile(file, '#!/bin/sh\n')
  await chmod(file, 0o755)
  return file
}

test('a control plane comes from KUBEBUILDER_ASSETS where that is set, without Go', async () => {
  const files = await Promise.all(CONTROL_PLANE_PROGRAMS.map(addProgram))
  const plan = await planPrograms(CONTROL_PLANE_PROGRAMS, { KUBEBUILDER_ASSETS: directory })
  expect(plan).toMatchObject({ type: 'available', missing: [] })
  expect(plan.type === 'available' && [...plan.found.values()]).toEqual(files)
})

test('an incomplete KUBEBUILDER_ASSETS is told of, and not quietly made up for', async () => {
  await addProgram('etcd')
  const plan = await planPrograms(CONTROL_PLANE_PROGRAMS, { KUBEBUILDER_ASSETS: directory })
  expect(plan).toEqual({
    type: 'refused',
    reason: `KUBEBUILDER_ASSETS is ${directory}, and there is no kube-apiserver in it`
  })
})

test.each([
  ['go1.19.8\nlinux\namd64\n', { type: 'refused', reason: 'Go is go1.19.8' }],
  ['', { type: 'refused', reason: 'Go is of an unknown version' }],
  ['go1.25.0\nlinux\narm64\n', { type: 'available', version: 'go1.25.0', os: 'linux', architecture: 'arm64' }]
])('of a Go that says %j', async (said, expected) => {
  expect(await findGo(directory, async () => said)).toEqual(expected)
})

test('a Go that is not there is a refusal which says so', async () => {
  const go = await findGo(directory, async () => {
    throw new Error('spawn go ENOENT')
  })
  expect(go).toEqual({ type: 'refused', reason: 'there is no Go (spawn go ENOENT)' })
})

test('what is built is kept by its sources, the Go and the machine', async () => {
  await writeFile(join(directory, 'go.mod'), 'module a\n')
  const go = { type: 'available', version: 'go1.26.8', os: 'linux', architecture: 'amd64' } as const
  const module = { name: 'a', directory, linkerFlags: [], packages: { etcd: '.' } }
  const first = moduleCacheDirectory('/cache', module, go)
  expect(first).toMatch(/^\/cache\/a-[0-9a-f]{16}$/)
  expect(moduleCacheDirectory('/cache', module, go)).toBe(first)
  expect(moduleCacheDirectory('/cache', module, { ...go, version: 'go1.26.9' })).not.toBe(first)
  expect(moduleCacheDirectory('/cache', module, { ...go, architecture: 'arm64' })).not.toBe(first)
  await writeFile(join(directory, 'go.mod'), 'module b\n')
  expect(moduleCacheDirectory('/cache', module, go)).not.toBe(first)
})

test('each program is built by exactly one module', () => {
  const names = GO_MODULES.flatMap(({ packages }) => Object.keys(packages))
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted())
})

test('MetalLB is built of the version that is named', async () => {
  const directory = GO_MODULES.find(({ name }) => name === 'metallb')?.directory ?? ''
  const text = await readFile(join(directory, 'go.mod'), 'utf8')
  expect(text).toContain(`\nrequire go.universe.tf/metallb v${METALLB_VERSION}\n`)
})
