import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabProcess, run } from '@clarion-lb/lab'
import { Bird } from './daemons/bird.ts'
import { DaemonProcess, untilAnswered } from './daemons/daemon-process.ts'
import { ASN, FEEDER, inside, RECEIVER, SENDER } from './route-pair.ts'
import type { RouteSourceOptions } from './route-source.ts'

/** Who sends routes to the receiver: over IPv4 those of IPv4, over IPv6 the others. */
export interface RouteSender {
  readonly name: string
  readonly pid: number
  /** Whether it gets its routes over BGP from the feeder; otherwise it has them. */
  readonly isFed: boolean
  /** Routes that it has. */
  routes(): Promise<number>
  /** There is a receiver again: it connects every second from now on. */
  begin(): void
  stop(): Promise<void>
}

const SCRIPT = join(import.meta.dirname, 'route-source.js')
const READY_TIMEOUT_MS = 60_000
const FAMILIES = ['ipv4', 'ipv6'] as const

/** Our package in a process of its own, loaded with routes. */
export async function startSource(
  name: string,
  directory: string,
  where: readonly string[],
  options: RouteSourceOptions
): Promise<LabProcess> {
  const source = new LabProcess({
    name,
    prefix: where,
    script: SCRIPT,
    args: [JSON.stringify(options)],
    logFile: join(directory, `${name}.log`)
  })
  source.start()
  await source.waitFor(isReady, READY_TIMEOUT_MS)
  return source
}

export async function startOurs(directory: string, count: number): Promise<RouteSender> {
  const source = await startSource('clarion', directory, inside(SENDER), {
    asn: ASN.sender,
    bgpIdentifier: SENDER.ipv4,
    peerAsn: ASN.receiver,
    count,
    sessions: FAMILIES.map((family) => ({ localAddress: SENDER[family], address: RECEIVER[family] }))
  })
  return {
    name: 'clarion',
    pid: source.pid ?? -1,
    isFed: false,
    routes: async () => count * FAMILIES.length,
    begin: () => source.send({ type: 'begin' }),
    stop: async () => source.stop()
  }
}

export async function startBird(directory: string): Promise<RouteSender> {
  const session = (name: string, family: (typeof FAMILIES)[number], peer: string, asn: number): string => `
protocol bgp ${name}${family} {
  local ${SENDER[family]} as ${ASN.sender};
  neighbor ${peer} as ${asn};
  direct;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 1;
  ${family} { import all; export ${name === 'receiver' ? 'all' : 'none'}; next hop self; };
}`
  const bird = await Bird.start({
    name: 'bird-sender',
    directory,
    prefix: inside(SENDER),
    config: [
      `router id ${SENDER.ipv4};`,
      'protocol device {}',
      ...FAMILIES.map((family) => session('receiver', family, RECEIVER[family], ASN.receiver)),
      ...FAMILIES.map((family) => session('feeder', family, FEEDER[family], ASN.feeder))
    ].join('\n')
  })
  return {
    name: 'BIRD',
    pid: bird.process.pid,
    isFed: true,
    routes: async () => bird.control.imported('feeder'),
    begin: () => undefined,
    stop: async () => bird.stop()
  }
}

export async function startFrr(directory: string): Promise<RouteSender> {
  const file = join(directory, 'frr.conf')
  const neighbors = [
    ...FAMILIES.map((family) => ({ family, address: RECEIVER[family], asn: ASN.receiver })),
    ...FAMILIES.map((family) => ({ family, address: FEEDER[family], asn: ASN.feeder }))
  ]
  await writeFile(
    file,
    [
      'frr defaults datacenter',
      `router bgp ${ASN.sender}`,
      ` bgp router-id ${SENDER.ipv4}`,
      ' no bgp ebgp-requires-policy',
      ' no bgp default ipv4-unicast',
      ...neighbors.flatMap(({ address, asn }) => [
        ` neighbor ${address} remote-as ${asn}`,
        ` neighbor ${address} timers connect 1`
      ]),
      ...FAMILIES.flatMap((family) => [
        ` address-family ${family} unicast`,
        ...neighbors
          .filter((one) => one.family === family)
          .map((one) => `  neighbor ${one.address} activate`),
        ' exit-address-family'
      ]),
      'exit',
      ''
    ].join('\n')
  )
  const daemon = new DaemonProcess(
    [
      ...[...inside(SENDER), '/usr/lib/frr/bgpd', '--no_zebra', '--skip_runas', '--config_file', file],
      ...['--pid_file', join(directory, 'frr.pid'), '--socket', join(directory, 'zserv.api')],
      ...['--vty_socket', directory, '--vty_addr', '127.0.0.1', '--vty_port', '0', '--log', 'stdout']
    ],
    join(directory, 'frr.log')
  )
  const show = async (family: string): Promise<string> =>
    run('vtysh', ['--vty_socket', directory, '-d', 'bgpd', '-c', `show bgp ${family} unicast summary json`])
  await untilAnswered(daemon, async () => show('ipv4'))
  return {
    name: 'FRR',
    pid: daemon.pid,
    isFed: true,
    routes: async () => sumOf(await Promise.all(FAMILIES.map(show)), /"ribCount":(\d+)/),
    begin: () => undefined,
    stop: async () => daemon.stop()
  }
}

export async function startGobgp(directory: string): Promise<RouteSender> {
  const file = join(directory, 'gobgp.toml')
  const target = `unix://${join(directory, 'gobgp.sock')}`
  const neighbor = (family: string, local: string, address: string, asn: number): string => `
[[neighbors]]
[neighbors.config]
neighbor-address = "${address}"
peer-as = ${asn}
[neighbors.transport.config]
local-address = "${local}"
[neighbors.timers.config]
connect-retry = 1
idle-hold-time-after-reset = 1
[[neighbors.afi-safis]]
[neighbors.afi-safis.config]
afi-safi-name = "${family}-unicast"`
  await writeFile(
    file,
    [
      `[global.config]\nas = ${ASN.sender}\nrouter-id = "${SENDER.ipv4}"\nlocal-address-list = ["0.0.0.0", "::"]`,
      ...FAMILIES.flatMap((family) => [
        neighbor(family, SENDER[family], RECEIVER[family], ASN.receiver),
        neighbor(family, SENDER[family], FEEDER[family], ASN.feeder)
      ])
    ].join('\n')
  )
  const daemon = new DaemonProcess(
    [...inside(SENDER), 'gobgpd', '--config-file', file, '--api-hosts', target, '--pprof-disable'],
    join(directory, 'gobgp.log')
  )
  const show = async (family: string): Promise<string> =>
    run('gobgp', ['--target', target, 'global', 'rib', 'summary', '-a', family])
  await untilAnswered(daemon, async () => show('ipv4'))
  return {
    name: 'GoBGP',
    pid: daemon.pid,
    isFed: true,
    routes: async () => sumOf(await Promise.all(FAMILIES.map(show)), /Destination: (\d+)/),
    begin: () => undefined,
    stop: async () => daemon.stop()
  }
}

function isReady(said: unknown): boolean {
  return typeof said === 'object' && said !== null && 'type' in said && said.type === 'ready'
}

function sumOf(texts: readonly string[], number: RegExp): number {
  return texts.reduce((sum, text) => sum + Number(number.exec(text)?.[1] ?? 0), 0)
}
