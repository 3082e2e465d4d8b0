#!/usr/bin/env node
import { writeFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { KubeSim } from './kube-sim.ts'

interface Flags {
  readonly host: string
  readonly port: number
  readonly san: readonly string[]
  readonly kubeconfig?: string
  readonly data?: string
  readonly serviceCidr: readonly string[]
  readonly nodePorts: readonly [number, number]
  readonly bookmarkSeconds: number
}

function parseWholeNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('not a whole number')
  return Number(text)
}

function parseList(text: string): readonly string[] {
  return text.split(',').filter((part) => part !== '')
}

function parsePortRange(text: string): readonly [number, number] {
  const match = /^(\d+)-(\d+)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('not FIRST-LAST')
  return [Number(match[1]), Number(match[2])]
}

const program = new Command('kube-sim')
  .description('An in-memory Kubernetes API server over HTTPS. Prints one JSON line when it is ready.')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <port>', 'port to listen on, 0 for a free one', parseWholeNumber, 0)
  .option('--san <names>', 'further names and addresses of the certificate, comma separated', parseList, [])
  .option('--kubeconfig <file>', 'file to write a kubeconfig to')
  .option('--data <file>', 'file that keeps the objects')
  .option('--service-cidr <prefixes>', 'prefixes of cluster IPs', parseList, [
    '10.96.0.0/16',
    'fd00:10:96::/112'
  ])
  .option('--node-ports <first-last>', 'range of node ports', parsePortRange, [30_000, 32_767])
  .option('--bookmark-seconds <seconds>', 'time between bookmarks', parseWholeNumber, 10)

async function main(): Promise<void> {
  const flags = program.parse().opts<Flags>()
  const sim = new KubeSim({
    host: flags.host,
    port: flags.port,
    hosts: flags.san,
    dataFile: flags.data,
    serviceCidrs: flags.serviceCidr,
    nodePortRange: flags.nodePorts,
    bookmarkIntervalMs: Math.max(1, flags.bookmarkSeconds) * 1000
  })
  await sim.start()
  if (flags.kubeconfig !== undefined) writeFileSync(flags.kubeconfig, sim.kubeconfig(), { mode: 0o600 })
  const stop = (): void => void sim.stop()
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  const ready = { ready: true, url: sim.url, port: sim.port, pid: process.pid, kubeconfig: flags.kubeconfig }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

try {
  await main()
} catch (error) {
  process.stderr.write(`kube-sim: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
