import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Namespace } from '../../support/namespace.ts'
import type { Daemon, DaemonConfig, DaemonPath, DaemonPeer } from './daemon.ts'
import {
  createDirectory,
  DaemonProcess,
  removeDirectory,
  runCommand,
  untilAnswered
} from './daemon-process.ts'
import { asnsOf, listOf, member, numberOf, parseJson, textOf } from './json.ts'
import { openbgpdConfig } from './openbgpd-config.ts'

/** Where its processes lock themselves up: their user's home, which the package leaves to systemd. */
const CHROOT = '/run/openbgpd'

/** OpenBGPD, portable. */
export class Openbgpd implements Daemon {
  readonly id = 'openbgpd'
  readonly #namespace: Namespace
  #directory = ''
  #process: DaemonProcess | undefined

  constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  async version(): Promise<string> {
    // It says so on standard error.
    const { output } = await this.#namespace.attempt('bgpd', '-V')
    return /OpenBGPD (\S+)/.exec(output)?.[1] ?? 'unknown'
  }

  async start(config: DaemonConfig): Promise<void> {
    await mkdir(CHROOT, { recursive: true, mode: 0o755 })
    this.#directory = await createDirectory(this.id)
    const file = join(this.#directory, 'bgpd.conf')
    await writeFile(file, openbgpdConfig(config, this.#socket))
    // It refuses files that others can read.
    await chmod(file, 0o600)
    this.#process = new DaemonProcess(this.#namespace, 'bgpd', '-d', '-v', '-f', file)
    await untilAnswered(this.#process, async () => this.command('show'))
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
    await removeDirectory(this.#directory)
  }

  async paths(prefix: string): Promise<readonly DaemonPath[]> {
    const shown = parseJson((await this.command('-j', 'show', 'rib', 'detail', prefix)) || '{}')
    return listOf(member(shown, 'rib')).map(pathOf)
  }

  async sessionState(peer: DaemonPeer): Promise<string> {
    const shown = parseJson(await this.command('-j', 'show', 'neighbor', peer.address ?? ''))
    return textOf(member(listOf(member(shown, 'neighbors'))[0], 'state')).toLowerCase()
  }

  async resetSession(peer: DaemonPeer): Promise<void> {
    await this.command('neighbor', peer.address ?? '', 'clear')
  }

  async forgive(peer: DaemonPeer): Promise<void> {
    await this.command('neighbor', peer.address ?? '', 'clear')
    await this.command('neighbor', peer.address ?? '', 'up')
  }

  async requestRefresh(peer: DaemonPeer): Promise<void> {
    await this.command('neighbor', peer.address ?? '', 'refresh')
  }

  async shutDown(peer: DaemonPeer, text: string): Promise<void> {
    await this.command('neighbor', peer.address ?? '', 'down', text)
  }

  async report(peer: DaemonPeer): Promise<string> {
    return (await this.command('show', 'neighbor', peer.address ?? '')) + this.log()
  }

  freeze(): void {
    this.#process?.signal('SIGSTOP')
  }

  thaw(): void {
    this.#process?.signal('SIGCONT')
  }

  log(): string {
    return this.#process?.log ?? ''
  }

  async command(...words: readonly string[]): Promise<string> {
    return runCommand('bgpctl', '-s', this.#socket, ...words)
  }

  get #socket(): string {
    return join(this.#directory, 'bgpd.sock')
  }
}

function pathOf(path: unknown): DaemonPath {
  return {
    nextHops: [textOf(member(path, 'exit_nexthop'))],
    asPath: asnsOf(textOf(member(path, 'aspath'))),
    localPref: numberOf(member(path, 'localpref')),
    med: numberOf(member(path, 'metric')),
    communities: listOf(member(path, 'communities')).map(textOf),
    largeCommunities: listOf(member(path, 'large_communities')).map(textOf),
    extendedCommunities: listOf(member(path, 'extended_communities')).map((text) =>
      textOf(text).replace(' ', ':')
    ),
    isStale: member(path, 'stale') === true
  }
}
