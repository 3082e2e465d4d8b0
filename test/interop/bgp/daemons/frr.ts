import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Namespace } from '../../support/namespace.ts'
import type { BfdDaemon, DaemonBfdPeer, DaemonConfig, DaemonPath, DaemonPeer, Family } from './daemon.ts'
import {
  createDirectory,
  DaemonProcess,
  removeDirectory,
  runCommand,
  untilAnswered
} from './daemon-process.ts'
import { frrBfdConfig, frrBfdPeer, frrBgpConfig } from './frr-config.ts'
import { asnsOf, listOf, member, numberOf, parseJson, textOf, wordsOf } from './json.ts'

const DIRECTORY = '/usr/lib/frr'
const AFI = { 4: 'ipv4', 6: 'ipv6' } as const

/** FRRouting: zebra, which writes the kernel's routes, bgpd and bfdd; without watchfrr. */
export class Frr implements BfdDaemon {
  readonly id = 'frr'
  readonly #namespace: Namespace
  #directory = ''
  #processes: DaemonProcess[] = []

  constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  async version(): Promise<string> {
    const printed = await runCommand(join(DIRECTORY, 'bgpd'), '--version')
    return /version (\S+)/.exec(printed)?.[1] ?? 'unknown'
  }

  async start(config: DaemonConfig): Promise<void> {
    this.#directory = await createDirectory(this.id)
    await this.#own(this.#directory)
    await this.#launch('zebra', 'log stdout\n')
    await this.#launch('bfdd', frrBfdConfig(config), '--bfdctl', join(this.#directory, 'bfdd.sock'))
    await this.#launch('bgpd', frrBgpConfig(config))
  }

  async stop(): Promise<void> {
    // bgpd says goodbye while the others are there.
    for (const process of this.#processes.toReversed()) await process.stop()
    this.#processes = []
    await removeDirectory(this.#directory)
  }

  /** As a crash. */
  async kill(): Promise<void> {
    for (const process of this.#processes) process.signal('SIGKILL')
    await this.stop()
  }

  async paths(prefix: string): Promise<readonly DaemonPath[]> {
    const shown = await this.show(`show bgp ${prefix.includes(':') ? 'ipv6' : 'ipv4'} unicast ${prefix} json`)
    return listOf(member(shown, 'paths')).map(pathOf)
  }

  async sessionState(peer: DaemonPeer): Promise<string> {
    const shown = await this.show(`show bgp neighbors ${nameOf(peer)} json`)
    return textOf(member(shown, nameOf(peer), 'bgpState')).toLowerCase()
  }

  async resetSession(peer: DaemonPeer): Promise<void> {
    await this.command(`clear bgp ${nameOf(peer)}`)
  }

  async forgive(peer: DaemonPeer): Promise<void> {
    await this.resetSession(peer)
  }

  async requestRefresh(peer: DaemonPeer, family: Family): Promise<void> {
    await this.command(`clear bgp ${AFI[family]} unicast ${nameOf(peer)} soft in`)
  }

  async shutDown(peer: DaemonPeer, text: string): Promise<void> {
    const router = await this.command('show running-config')
    const asn = /^router bgp (\d+)/m.exec(router)?.[1] ?? ''
    await this.command(
      'configure terminal',
      `router bgp ${asn}`,
      `neighbor ${nameOf(peer)} shutdown message ${text}`
    )
  }

  async report(peer: DaemonPeer): Promise<string> {
    return (await this.command(`show bgp neighbors ${nameOf(peer)}`)) + this.log()
  }

  freeze(): void {
    for (const process of this.#processes) process.signal('SIGSTOP')
  }

  thaw(): void {
    for (const process of this.#processes) process.signal('SIGCONT')
  }

  log(): string {
    return this.#processes.map((process) => process.log).join('')
  }

  async bfdState(address: string): Promise<string | undefined> {
    const peers = listOf(await this.show('show bfd peers json'))
    const peer = peers.find((each) => member(each, 'peer') === address)
    return peer === undefined ? undefined : textOf(member(peer, 'status'))
  }

  async setBfd(peer: DaemonBfdPeer, administrative: 'down' | 'up'): Promise<void> {
    const command = administrative === 'down' ? 'shutdown' : 'no shutdown'
    await this.command('configure terminal', 'bfd', frrBfdPeer(peer), command)
  }

  async show(command: string): Promise<unknown> {
    return parseJson(await this.command(command))
  }

  /** Commands of one session of its shell. */
  async command(...commands: readonly string[]): Promise<string> {
    return runCommand(
      'vtysh',
      '--vty_socket',
      this.#directory,
      ...commands.flatMap((command) => ['-c', command])
    )
  }

  async #launch(name: string, config: string, ...args: readonly string[]): Promise<void> {
    const directory = this.#directory
    const file = join(directory, `${name}.conf`)
    await writeFile(file, config)
    await this.#own(file)
    const process = new DaemonProcess(
      this.#namespace,
      join(DIRECTORY, name),
      ...['--config_file', file],
      ...['--pid_file', join(directory, `${name}.pid`)],
      ...['--socket', join(directory, 'zserv.api')],
      ...['--vty_socket', directory],
      ...['--vty_addr', '127.0.0.1', '--vty_port', '0'],
      ...['--log', 'stdout'],
      ...args
    )
    this.#processes.push(process)
    await untilAnswered(process, async () =>
      runCommand('vtysh', '--vty_socket', directory, '-d', name, '-c', 'show version')
    )
  }

  async #own(path: string): Promise<void> {
    const [user, group] = await Promise.all([runCommand('id', '-u', 'frr'), runCommand('id', '-g', 'frr')])
    await chown(path, Number(user), Number(group))
  }
}

function nameOf(peer: DaemonPeer): string {
  return peer.interface ?? peer.address ?? ''
}

function pathOf(path: unknown): DaemonPath {
  return {
    nextHops: listOf(member(path, 'nexthops')).map((nextHop) => textOf(member(nextHop, 'ip'))),
    asPath: asnsOf(textOf(member(path, 'aspath', 'string'))),
    localPref: numberOf(member(path, 'locPrf')),
    med: numberOf(member(path, 'metric')),
    communities: wordsOf(textOf(member(path, 'community', 'string'))),
    largeCommunities: wordsOf(textOf(member(path, 'largeCommunity', 'string'))),
    extendedCommunities: wordsOf(textOf(member(path, 'extendedCommunity', 'string')).toLowerCase()),
    isStale: member(path, 'stale') === true
  }
}
