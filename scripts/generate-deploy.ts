// Writes what is generated under deploy/: manifests, kustomize bases, what the Helm chart includes, the dashboard.
// Usage: generate-deploy.ts [--check]; with --check nothing is written, and the exit status is 1 if something would be.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from '../deploy/source/generated-files.ts'

const root = join(import.meta.dirname, '..')
const isCheck = process.argv.includes('--check')
for (const [path, text] of Object.entries(generatedFiles(root))) {
  const file = join(root, 'deploy', path)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  console.log(`${isCheck ? 'out of date' : 'written'}: deploy/${path}`)
  if (isCheck) {
    process.exitCode = 1
    continue
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
