import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ForeignProcess } from '../foreign-process.ts'
import { run } from '../shell.ts'
import { buildBfddConfig, buildBgpdConfig } from './frr-config.ts'
import type { Router, RouterConfig, RouterPeer, RouterPlace, RouterSession } from './router.ts'
import { untilAnswered } from './until-answered.ts'

const DIRECTORY = '/usr/lib/frr'

/** FRRouting: zebra, which writes the kernel's table, bfdd and bgpd. */
export class FrrRouter implements Router {
  /** Where packages have it. */
  static readonly bgpd: string = join(DIRECTORY, 'bgpd')
  readonly kind = 'frr'
  readonly #place: RouterPlace
  readonly #processes: ForeignProcess[] = []
  /** Its own times are whole seconds: since when a session was seen to be established. */
  readonly #seen = new Map<string, number>()
  #peers: readonly RouterPeer[] = []

  constructor(place: RouterPlace) {
    this.#place = place
  }

  async start(config: RouterConfig): Promise<string> {
    this.#peers = config.peers
    await mkdir(this.#directory, { recursive: true })
    await this.#giveAway(this.#directory)
    await this.#launch('zebra', '')
    await this.#launch('bfdd', buildBfddConfig(config), '--bfdctl', join(this.#directory, 'bfdd.sock'))
    await this.#launch('bgpd', buildBgpdConfig(config))
    const version = await this.#command('show version')
    return /FRRouting \d\S*/.exec(version)?.[0] ?? 'FRRouting'
  }

  async sessions(): Promise<readonly RouterSession[]> {
    const established = parseEstablished(await this.#command('show bgp neighbors json'))
    for (const address of this.#seen.keys()) if (!established.includes(address)) this.#seen.delete(address)
    for (const address of established)
      if (!this.#seen.has(address)) this.#seen.set(address, performance.timeOrigin + performance.now())
    return this.#peers.map(({ address }) => ({ address, establishedAtMs: this.#seen.get(address) }))
  }

  async stop(): Promise<void> {
    // bgpd takes its routes back while zebra is there.
    for (const process of this.#processes.toReversed()) await process.stop()
  }

  async #command(words: string): Promise<string> {
    return run('vtysh', ['--vty_socket', this.#directory, '-c', words])
  }

  async #launch(name: string, config: string, ...args: readonly string[]): Promise<void> {
    const directory = this.#directory
    const file = join(directory, `${name}.conf`)
    await writeFile(file, config)
    await this.#giveAway(file)
    const options = {
      config_file: file,
      pid_file: join(directory, `${name}.pid`),
      socket: join(directory, 'zserv.api'),
      vty_socket: directory,
      vty_addr: '127.0.0.1',
      vty_port: '0',
      log: 'stdout'
    }
    const process = new ForeignProcess({
      name,
      command: [
        ...this.#place.prefix,
        join(DIRECTORY, name),
        ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]),
        ...args
      ],
      logFile: join(this.#place.directory, 'router.log')
    })
    this.#processes.push(process)
    process.start()
    await untilAnswered(process, async () =>
      run('vtysh', ['--vty_socket', directory, '-d', name, '-c', 'show version'])
    )
  }

  /** Its daemons run as a user of their own, whom a user namespace of an ordinary user does not have. */
  async #giveAway(path: string): Promise<void> {
    try {
      await run('chown', ['frr:frr', path])
    } catch (cause) {
      throw new Error('its user frr is not one here', { cause })
    }
  }

  get #directory(): string {
    return join(this.#place.directory, 'frr')
  }
}

/** Addresses of established sessions in what `show bgp neighbors json` says. */
export function parseEstablished(shown: string): readonly string[] {
  const neighbors = JSON.parse(shown) as Readonly<Record<string, { readonly bgpState?: string }>>
  return Object.entries(neighbors).flatMap(([address, { bgpState }]) =>
    bgpState === 'Established' ? address : []
  )
}
