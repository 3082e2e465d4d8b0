import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findGoProgram } from './go-program.ts'
import { readObjects, titleOf } from './rendered.ts'

const DEPLOY = join(import.meta.dirname, '..', '..', '..', 'deploy')
const program = findGoProgram({ name: 'kustomize', module: 'sigs.k8s.io/kustomize/kustomize/v5@v5.7.1' })

function build(directory: string): ReturnType<typeof readObjects> {
  return readObjects(execFileSync(program ?? '', ['build', directory], { encoding: 'utf8' }))
}

/** The kustomization on a page, with the clone that it calls `clarion`. */
function buildPage(page: string): ReturnType<typeof readObjects> {
  const text = readFileSync(join(DEPLOY, '../docs', page), 'utf8')
  const [, kustomization = ''] = /```yaml\n(# kustomization\.yaml\n.*?)```/s.exec(text) ?? []
  const directory = mkdtempSync(join(tmpdir(), 'clarion-overlay-'))
  try {
    const clone = relative(directory, join(DEPLOY, '..'))
    writeFileSync(
      join(directory, 'kustomization.yaml'),
      kustomization.replaceAll(' clarion/deploy', ` ${clone}/deploy`)
    )
    return build(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function byTitle(objects: ReturnType<typeof readObjects>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(objects.map((object) => [titleOf(object), object]))
}

function manifest(name: string): ReturnType<typeof readObjects> {
  return readObjects(readFileSync(join(DEPLOY, 'manifests', name), 'utf8'))
}

describe.skipIf(program === undefined)('kustomize (needs kustomize or Go)', () => {
  test('makes of the overlays what the manifests are', () => {
    expect(byTitle(build(join(DEPLOY, 'kustomize/overlays/native')))).toEqual(
      byTitle(manifest('clarion-native.yaml'))
    )
    expect(byTitle(build(join(DEPLOY, 'kustomize/overlays/prometheus')))).toEqual(
      byTitle(manifest('clarion-native-prometheus.yaml'))
    )
  })

  test('adds network policies', () => {
    const titles = build(join(DEPLOY, 'kustomize/overlays/locked-down')).map(titleOf)
    expect(titles).toContain('NetworkPolicy default-deny')
    expect(titles).toContain('NetworkPolicy controller')
  })

  test('takes what the documentation says as it is written', () => {
    const rendered = ['install.md', 'migration.md'].map((page) => JSON.stringify(buildPage(page)))
    expect(rendered[0]).toContain('"image":"registry.example/lb/speaker:v1"')
    expect(rendered[0]).toContain('"kind":"ServiceMonitor"')
    // Both components read the ConfigMap.
    expect(rendered[1]?.match(/"--config=config"/g)).toHaveLength(2)
  })

  test('changes the images for those who have a registry of their own', () => {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-overlay-'))
    try {
      const base = relative(directory, join(DEPLOY, 'kustomize/base'))
      const images = '[{name: ghcr.io/clarion-lb/speaker, newName: registry.example/lb, newTag: x}]'
      writeFileSync(join(directory, 'kustomization.yaml'), `resources: [${base}]\nimages: ${images}\n`)
      expect(JSON.stringify(build(directory))).toContain('"image":"registry.example/lb:x"')
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
