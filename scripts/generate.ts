// Writes what is generated: under deploy/ manifests, kustomize bases, what the Helm chart includes and the dashboard;
// under docs/ the references.
// Usage: generate.ts [--check]; with --check nothing is written, and the exit status is 1 if something would be.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from '../deploy/source/generated-files.ts'
import { generatedPages } from '../docs/source/generated-files.ts'

const root = join(import.meta.dirname, '..')
const isCheck = process.argv.includes('--check')
write('deploy', generatedFiles(root))
write('docs', await generatedPages())

function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, directory, path)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    console.log(`${isCheck ? 'out of date' : 'written'}: ${directory}/${path}`)
    if (isCheck) {
      process.exitCode = 1
      continue
    }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}
