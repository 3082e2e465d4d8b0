// Packs every published package, installs the tarballs in a project of its own outside this tree, and runs each
// README example there, as a stranger would.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const project = mkdtempSync(join(tmpdir(), 'clarion-packages-'))
try {
  const tarballs = readdirSync(join(root, 'packages')).map((name) => {
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--pack-destination', project, '--ignore-scripts'], {
        cwd: join(root, 'packages', name),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore']
      })
    )
    return { name, file: join(project, packed.filename) }
  })
  // Every package of ours comes from its tarball, also where another one asks for it.
  const dependencies = Object.fromEntries(
    tarballs.map(({ name, file }) => [`@clarion-lb/${name}`, `file:${file}`])
  )
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'stranger', private: true, type: 'module', dependencies, overrides: dependencies })
  )
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'inherit']
  })
  let failures = 0
  for (const { name } of tarballs) {
    const example = join(project, `${name}.ts`)
    cpSync(join(root, 'packages', name, 'examples', 'readme.ts'), example)
    const promised = [...readFileSync(example, 'utf8').matchAll(/\/\/ prints: (.*)$/gm)].map(
      (match) => match[1]
    )
    let printed = []
    try {
      printed = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', example], {
        cwd: project,
        encoding: 'utf8',
        timeout: 30_000
      })
        .trimEnd()
        .split('\n')
    } catch (error) {
      printed = [String(error)]
    }
    const isRight = JSON.stringify(printed) === JSON.stringify(promised)
    if (!isRight) failures += 1
    console.log(`${isRight ? 'ok    ' : 'FAILED'} @clarion-lb/${name}`)
    if (!isRight) console.log(`  promised: ${promised.join(' | ')}\n  printed:  ${printed.join(' | ')}`)
  }
  process.exitCode = failures === 0 ? 0 : 1
} finally {
  rmSync(project, { recursive: true, force: true })
}
