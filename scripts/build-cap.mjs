// Builds `cap`, the libpcap binding of the second link backend, for the Node that `npm run` uses, in .cache/cap.
// The headers come with the npm package `node`, since node-gyp would take those of the system's Node, or fetch them.
// Prints the directory to resolve `cap` from. Does nothing when it is built already.
// Needs the Debian packages libpcap-dev, g++, make and python3.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = '0.2.1'
const INSTALL = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const directory = join(root, '.cache', 'cap')
const marker = join(directory, 'built.json')
const node = join(root, 'node_modules', 'node')
const nodeVersion = JSON.parse(readFileSync(join(node, 'package.json'), 'utf8')).version
const wanted = JSON.stringify({ cap: VERSION, node: nodeVersion, arch: process.arch })

if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) build()
console.log(directory)

function build() {
  if (!existsSync('/usr/include/pcap/pcap.h'))
    fail('libpcap is missing: sudo apt-get install -y libpcap-dev g++ make python3')
  prepare(directory)
  const env = {
    ...process.env,
    PATH: [join(node, 'bin'), process.env.PATH].join(delimiter),
    npm_config_nodedir: headers(),
    npm_config_ignore_scripts: 'false'
  }
  run('npm', [...INSTALL, `cap@${VERSION}`], { env })
  run(join(node, 'bin', 'node'), ['--eval', "require('cap').Cap"])
  writeFileSync(marker, wanted)
}

/** Headers of that very Node: in the npm package of its binary, which a later `npm install` removes beside `node`. */
function headers() {
  const name = `node-linux-${process.arch}`
  const isThere = (place) => existsSync(join(place, 'include', 'node', 'node.h'))
  const installed = join(node, 'node_modules', name)
  if (isThere(installed)) return installed
  const cwd = join(root, '.cache', 'node-headers')
  prepare(cwd)
  run('npm', [...INSTALL, '--ignore-scripts', `${name}@${nodeVersion}`], { cwd })
  const fetched = join(cwd, 'node_modules', name)
  return isThere(fetched) ? fetched : fail(`the npm package ${name}@${nodeVersion} has no headers`)
}

/** A package.json of its own keeps npm from installing into the workspace above. */
function prepare(place) {
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'package.json'), '{ "private": true }\n')
}

/** Standard output is for the directory alone. */
function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: directory,
    stdio: ['ignore', 2, 2],
    ...options
  })
  if (status !== 0)
    fail(`${[command, ...args].join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`)
}

function fail(text) {
  process.stderr.write(`build-cap: ${text}\n`)
  process.exit(2)
}
