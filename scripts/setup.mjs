// Puts in place what a fresh clone lacks, so that every `npm run …` works at once: npm packages, the Debian packages
// that debian-packages.json names for the job, and the build; then runs the job's own command with Node 24.
// Usage: setup.mjs JOB COMMAND [ARGUMENT…]. Runs on plain Node 20 with nothing installed.
import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findGo } from './find-go.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [job = 'test', ...command] = process.argv.slice(2)
let path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
const needsBuild = !['test', 'docs'].includes(job)

ensureNpmPackages()
ensureDebianPackages()
if (needsBuild) ensureBuild()
if (command.length > 0) runJob(command)

function ensureNpmPackages() {
  const marker = join(root, 'node_modules', '.package-lock.json')
  const isCurrent =
    existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  if (isCurrent && existsSync(join(root, 'node_modules', '.bin', 'node'))) return
  say('installing npm packages')
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'])
}

function ensureDebianPackages() {
  const { [job]: wanted = [] } = JSON.parse(
    readFileSync(join(root, 'scripts', 'debian-packages.json'), 'utf8')
  )
  const canInstall = process.getuid?.() === 0 && isThere('apt-get')
  const lacking = wanted.filter(
    ({ probe, optional = false }) => !probe.some(isThere) && (canInstall || !optional)
  )
  installDebianPackages(lacking)
  if (wanted.some((entry) => entry.package === 'golang-go') && isThere('go')) {
    const directory = findGo(say)
    if (directory !== undefined) path = [directory, path].join(delimiter)
  }
}

function installDebianPackages(lacking) {
  const missing = lacking.map((entry) => entry.package)
  if (missing.length === 0 || process.platform !== 'linux') return
  const names = missing.join(' ')
  if (process.getuid?.() !== 0)
    fail(`these Debian packages are missing; install them with:\n  sudo apt-get install -y ${names}`)
  if (!isThere('apt-get')) fail(`these programs' packages are missing and there is no apt-get here: ${names}`)
  say(`installing Debian packages: ${names}`)
  run('apt-get', ['-qq', 'update'])
  run('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...missing])
  for (const { service } of lacking) if (service !== undefined) stopService(service)
}

/** Tests start the daemon themselves; the one that its package has started would hold ports and write routes. */
function stopService(name) {
  const [program, ...args] = existsSync('/run/systemd/system')
    ? ['systemctl', 'disable', '--now', name]
    : [join('/etc/init.d', name), 'stop']
  // One that is not there, or does not run, is what is wanted.
  spawnSync(program, args, { stdio: 'ignore' })
}

function ensureBuild() {
  // turbo knows what is up to date; its own output is shown only if something fails.
  run(join(root, 'node_modules', '.bin', 'turbo'), [
    'run',
    'build',
    '--output-logs=errors-only',
    '--log-order=grouped'
  ])
}

/** Runs the job in our place: it gets our signals, and learns by its IPC channel when we are gone. */
function runJob([program, ...args]) {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc']
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // npm's shell is replaced by us; if npm itself is killed nobody tells us.
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM')
  }, 500).unref()
  child.on('error', (error) => fail(`${program}: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (numberOf(signal) ?? 0)))
}

function numberOf(signal) {
  return { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal]
}

function isThere(program) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return (isAbsolute(program) ? [program] : directories.map((directory) => join(directory, program))).some(
    (file) => {
      try {
        accessSync(file, constants.R_OK)
        return true
      } catch {
        return false
      }
    }
  )
}

/** Standard output belongs to the job (`--json`): everything here goes to standard error. */
function run(command, args) {
  const env = {
    ...process.env,
    PATH: path,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    DEBIAN_FRONTEND: 'noninteractive'
  }
  const { status, error, stdout } = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28
  })
  if (status === 0) return
  process.stderr.write(stdout ?? '')
  fail(
    `${[command, ...args].join(' ')} failed${error === undefined ? ` with status ${status}` : `: ${error.message}`}`
  )
}

function say(text) {
  process.stderr.write(`setup: ${text} …\n`)
}

function fail(text) {
  process.stderr.write(`setup: ${text}\n`)
  process.exit(2)
}
