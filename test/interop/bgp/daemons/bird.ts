import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Namespace } from '../../support/namespace.ts'
import { birdConfig, protocolOf } from './bird-config.ts'
import type { BfdDaemon, DaemonBfdPeer, DaemonConfig, DaemonPath, DaemonPeer } from './daemon.ts'
import {
  createDirectory,
  DaemonProcess,
  removeDirectory,
  runCommand,
  untilAnswered
} from './daemon-process.ts'
import { asnsOf } from './json.ts'

/** BIRD 2. */
export class Bird implements BfdDaemon {
  readonly id = 'bird'
  readonly #namespace: Namespace
  #directory = ''
  #process: DaemonProcess | undefined

  constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  async version(): Promise<string> {
    // It says so on standard error.
    const { output } = await this.#namespace.attempt('bird', '--version')
    return /version (\S+)/.exec(output)?.[1] ?? 'unknown'
  }

  async start(config: DaemonConfig): Promise<void> {
    this.#directory = await createDirectory(this.id)
    const file = join(this.#directory, 'bird.conf')
    await writeFile(file, birdConfig(config))
    this.#process = new DaemonProcess(
      this.#namespace,
      'bird',
      ...['-f', '-c', file, '-s', this.#socket, '-P', join(this.#directory, 'bird.pid')]
    )
    await untilAnswered(this.#process, async () => this.command('show status'))
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
    await removeDirectory(this.#directory)
  }

  async paths(prefix: string): Promise<readonly DaemonPath[]> {
    // It says "Network not found" and fails if there is none.
    const printed = await this.command(`show route for ${prefix} all`).catch(() => '')
    const blocks = printed.split(/^(?=.*\bunicast \[)/m).slice(1)
    return Promise.all(blocks.map(async (block) => pathOf(block, await this.#isKept(block))))
  }

  async sessionState(peer: DaemonPeer): Promise<string> {
    const printed = await this.command(`show protocols ${protocolOf(peer)}`)
    const line = printed.split('\n').find((text) => text.startsWith(protocolOf(peer))) ?? ''
    return line.trim().split(/\s+/).slice(5).join(' ').toLowerCase()
  }

  async resetSession(peer: DaemonPeer): Promise<void> {
    await this.command(`restart ${protocolOf(peer)}`)
  }

  async forgive(peer: DaemonPeer): Promise<void> {
    // What an operator starts anew does not wait.
    await this.command(`restart ${protocolOf(peer)}`)
  }

  async requestRefresh(peer: DaemonPeer): Promise<void> {
    await this.command(`reload in ${protocolOf(peer)}`)
  }

  async shutDown(peer: DaemonPeer, text: string): Promise<void> {
    await this.command(`disable ${protocolOf(peer)} "${text}"`)
  }

  async report(peer: DaemonPeer): Promise<string> {
    return (await this.command(`show protocols all ${protocolOf(peer)}`)) + this.log()
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

  async bfdState(address: string): Promise<string | undefined> {
    const printed = await this.command('show bfd sessions')
    const line = printed.split('\n').find((text) => text.startsWith(`${address} `))
    return line?.trim().split(/\s+/)[2]?.toLowerCase()
  }

  async setBfd(_peer: DaemonBfdPeer, administrative: 'down' | 'up'): Promise<void> {
    // All of them: it has no command for one.
    await this.command(administrative === 'down' ? 'disable neighbours' : 'enable neighbours')
  }

  async command(words: string): Promise<string> {
    return runCommand('birdc', '-s', this.#socket, words)
  }

  /** It says of the session, not of the route, that the neighbour restarts. */
  async #isKept(block: string): Promise<boolean> {
    const name = /unicast \[(\S+)/.exec(block)?.[1] ?? ''
    const printed = await this.command(`show protocols all ${name}`)
    return printed.includes('Neighbor graceful restart active')
  }

  get #socket(): string {
    return join(this.#directory, 'bird.ctl')
  }
}

function pathOf(block: string, isStale: boolean): DaemonPath {
  const attribute = (name: string): string => new RegExp(`BGP\\.${name}: (.*)`).exec(block)?.[1] ?? ''
  const number = (name: string): number | undefined =>
    attribute(name) === '' ? undefined : Number(attribute(name))
  const tuples = (name: string): readonly string[] =>
    [...attribute(name).matchAll(/\(([^)]*)\)/g)].map(([, inside = '']) => inside.split(/,\s*/).join(':'))
  return {
    nextHops: attribute('next_hop')
      .split(' ')
      .filter((word) => word !== ''),
    asPath: asnsOf(attribute('as_path')),
    localPref: number('local_pref'),
    med: number('med'),
    communities: tuples('community'),
    largeCommunities: tuples('large_community'),
    extendedCommunities: tuples('ext_community'),
    isStale
  }
}
