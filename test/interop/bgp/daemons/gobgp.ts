import { writeFile } from 'node:fs/promises'
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
import { gobgpConfig } from './gobgp-config.ts'
import { listOf, member, numberOf, parseJson, textOf } from './json.ts'

const ESTABLISHED = 6
/** RFC 4271 §4.3, RFC 1997, RFC 4760, RFC 4360, RFC 8092. */
const ATTRIBUTE = {
  AS_PATH: 2,
  NEXT_HOP: 3,
  MED: 4,
  LOCAL_PREF: 5,
  COMMUNITIES: 8,
  MP_REACH: 14,
  EXTENDED_COMMUNITIES: 16,
  LARGE_COMMUNITIES: 32
} as const

/** GoBGP: gobgpd, without zebra. */
export class Gobgp implements Daemon {
  readonly id = 'gobgp'
  readonly #namespace: Namespace
  #directory = ''
  #process: DaemonProcess | undefined

  constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  async version(): Promise<string> {
    return /version (\S+)/.exec(await runCommand('gobgpd', '--version'))?.[1] ?? 'unknown'
  }

  async start(config: DaemonConfig): Promise<void> {
    this.#directory = await createDirectory(this.id)
    const file = join(this.#directory, 'gobgpd.toml')
    await writeFile(file, gobgpConfig(config))
    this.#process = new DaemonProcess(
      this.#namespace,
      'gobgpd',
      ...['--config-file', file, '--api-hosts', this.#target, '--pprof-disable', '--log-level', 'debug']
    )
    await untilAnswered(this.#process, async () => this.command('global'))
    for (const prefix of config.routes)
      await this.command('global', 'rib', 'add', prefix, '-a', afiOf(prefix))
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
    await removeDirectory(this.#directory)
  }

  async paths(prefix: string): Promise<readonly DaemonPath[]> {
    // It fails with "Network not in table" if there is none.
    const printed = await this.command('-j', 'global', 'rib', prefix, '-a', afiOf(prefix)).catch(() => '{}')
    const routes = parseJson(printed)
    // An object by prefix, or a list, by the way it is asked.
    const lists = Array.isArray(routes) ? [routes] : Object.values(Object(routes))
    return lists.flatMap((list) => listOf(list).map(pathOf))
  }

  async sessionState(peer: DaemonPeer): Promise<string> {
    const shown = parseJson(await this.command('-j', 'neighbor', peer.address ?? ''))
    const state = member(Array.isArray(shown) ? shown[0] : shown, 'state', 'session_state')
    return state === ESTABLISHED ? 'established' : `state ${String(state)}`
  }

  async resetSession(peer: DaemonPeer): Promise<void> {
    await this.command('neighbor', peer.address ?? '', 'reset')
  }

  async forgive(peer: DaemonPeer): Promise<void> {
    // This ends what it holds against us; it waits all the same: for 5 s, and for 30 s after a reset of its operator.
    await this.command('neighbor', peer.address ?? '', 'enable')
  }

  async requestRefresh(peer: DaemonPeer): Promise<void> {
    await this.command('neighbor', peer.address ?? '', 'softresetin')
  }

  async shutDown(peer: DaemonPeer, text: string): Promise<void> {
    // It calls this old; the new `disable` sends no text.
    await this.command('neighbor', peer.address ?? '', 'shutdown', '--reason', text)
  }

  async report(peer: DaemonPeer): Promise<string> {
    return (await this.command('neighbor', peer.address ?? '')) + this.log()
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
    return runCommand('gobgp', '--target', this.#target, ...words)
  }

  get #target(): string {
    return `unix://${join(this.#directory, 'gobgpd.sock')}`
  }
}

function afiOf(prefix: string): string {
  return prefix.includes(':') ? 'ipv6' : 'ipv4'
}

function pathOf(path: unknown): DaemonPath {
  const attributes = listOf(member(path, 'attrs'))
  const attribute = (type: number): unknown => attributes.find((each) => member(each, 'type') === type)
  const nextHop = member(attribute(ATTRIBUTE.NEXT_HOP), 'nexthop')
  const mpNextHop = member(attribute(ATTRIBUTE.MP_REACH), 'nexthop')
  return {
    nextHops: [textOf(nextHop ?? mpNextHop)],
    asPath: listOf(member(attribute(ATTRIBUTE.AS_PATH), 'as_paths')).flatMap((segment) =>
      listOf(member(segment, 'asns')).map(Number)
    ),
    localPref: numberOf(member(attribute(ATTRIBUTE.LOCAL_PREF), 'value')),
    med: numberOf(member(attribute(ATTRIBUTE.MED), 'metric')),
    communities: listOf(member(attribute(ATTRIBUTE.COMMUNITIES), 'communities')).map((community) => {
      const value = Number(community)
      return `${Math.floor(value / 65_536)}:${value % 65_536}`
    }),
    largeCommunities: listOf(member(attribute(ATTRIBUTE.LARGE_COMMUNITIES), 'value')).map((community) =>
      ['ASN', 'LocalData1', 'LocalData2'].map((name) => String(member(community, name))).join(':')
    ),
    extendedCommunities: listOf(member(attribute(ATTRIBUTE.EXTENDED_COMMUNITIES), 'value')).map(
      (community) =>
        `${member(community, 'subtype') === 2 ? 'rt' : '?'}:${textOf(member(community, 'value'))}`
    ),
    isStale: member(path, 'stale') === true
  }
}
