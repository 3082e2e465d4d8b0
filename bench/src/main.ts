#!/usr/bin/env node
import { Command } from 'commander'
import { benchArp } from './arp.ts'
import { benchBfd } from './bfd.ts'
import { benchCluster } from './cluster/bench.ts'
import { benchRest } from './cluster/rest.ts'
import { benchController } from './controller.ts'
import { benchCreateToAnnounce } from './create-to-announce.ts'
import { benchFailover } from './failover.ts'
import { benchIpam } from './ipam.ts'
import { benchLiveness } from './liveness.ts'
import { benchPeers } from './peers.ts'
import type { BenchResult, Figure } from './result.ts'
import { benchRouteLatency } from './route-latency.ts'
import { benchRoutes } from './routes.ts'

interface BenchOptions {
  /** How long, for those that watch something. */
  readonly minutes?: number
  /** Part of a name, for those that do several things. */
  readonly only?: string
  /** File for a table, for those that make one. */
  readonly table?: string
  /** How many Services, for those that have many. */
  readonly services?: number
  /** How many nodes, for those that can have several numbers of them. */
  readonly nodes?: number
  /** Whether an API server chooses addresses of Services as older ones did. */
  readonly bitmap?: boolean
  /** How often something is done, for those that do it again and again. */
  readonly repeats?: number
}

const BENCHES: Readonly<
  Record<
    string,
    { readonly about: string; readonly measure: (options: BenchOptions) => Promise<BenchResult> }
  >
> = {
  ipam: { about: 'time and memory of the allocator', measure: benchIpam },
  controller: {
    about: 'writes, time and cost of the controller with 10,000 Services',
    measure: benchController
  },
  arp: {
    about: 'latency and throughput of ARP answers, beside the kernel and 30 lines of C',
    measure: benchArp
  },
  'create-to-announce': {
    about: 'from the creation of a Service to its first gratuitous ARP',
    measure: benchCreateToAnnounce
  },
  routes: {
    about: 'a large table of routes to a router, beside BIRD, GoBGP and FRR',
    measure: benchRoutes
  },
  peers: {
    about: '64 peers with the same 10,000 routes: encodings, one change, memory',
    measure: benchPeers
  },
  'route-latency': {
    about: 'from the creation of a Service to its route in the kernel of a router',
    measure: benchRouteLatency
  },
  cluster: {
    about: 'on a real API server: our controller, MetalLB, and a client that only writes',
    measure: benchCluster
  },
  rest: {
    about: 'what an API server is asked while nothing happens, and the memory of who asks',
    measure: benchRest
  },
  bfd: {
    about: '300 fast BFD sessions while both cores are busy',
    measure: benchBfd
  },
  failover: {
    about: 'gaps, losses and moves as a client sees them, for each fault of a node, a speaker or the segment',
    measure: benchFailover
  },
  liveness: {
    about: 'cost of a member of the failure detector, time to detect, false deaths on busy cores',
    measure: benchLiveness
  }
}

const program = new Command('bench')
  .description('Measures, and prints each figure beside its goal. Exit status 1 if a goal is missed.')
  .argument('[name]', 'which; without it, the list')
  .option('--json', 'print {bench, figures: [{name, value, unit, goal, met}]}')
  .option(
    '--minutes <number>',
    'how long to watch (bfd, liveness, rest), or loss and work last (failover)',
    Number
  )
  .option('--only <text>', 'what has this in its name (failover)')
  .option('--table <file>', 'also write a table in Markdown (failover)')
  .option('--services <number>', 'how many Services (cluster, rest)', Number)
  .option('--nodes <number>', 'only with so many nodes: 3 or 12 (failover)', Number)
  .option('--bitmap', 'cluster addresses from a bitmap, as up to Kubernetes 1.32 (cluster)')
  .option('--repeats <number>', 'how often each is repeated (failover)', Number)
  .parse()
const [name] = program.args
const { json = false, ...options } = program.opts<{ json?: boolean } & BenchOptions>()

if (name === undefined) {
  for (const [one, { about }] of Object.entries(BENCHES)) process.stdout.write(`${one.padEnd(20)} ${about}\n`)
} else {
  const bench = BENCHES[name]
  if (bench === undefined)
    program.error(`there is no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`)
  else await measure(bench.measure)
}

async function measure(run: (options: BenchOptions) => Promise<BenchResult>): Promise<void> {
  const result = await run(options)
  if (json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
  else for (const figure of result.figures) process.stdout.write(`${format(figure)}\n`)
  if (result.figures.some(({ met }) => !met)) process.exitCode = 1
}

function format({ name: what, value, unit, goal, met }: Figure): string {
  const verdict = goal === '' ? '' : `  ${goal} ${unit}  ${met ? 'met' : 'MISSED'}`
  return `${what.padEnd(80)} ${String(value).padStart(10)} ${unit.padEnd(8)}${verdict}`
}
