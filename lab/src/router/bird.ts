import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ForeignProcess } from '../foreign-process.ts'
import { run } from '../shell.ts'
import { buildBirdConfig } from './bird-config.ts'
import type { Router, RouterConfig, RouterPeer, RouterPlace, RouterSession } from './router.ts'
import { untilAnswered } from './until-answered.ts'

/** BIRD 2. */
export class BirdRouter implements Router {
  readonly kind = 'bird'
  readonly #place: RouterPlace
  readonly #process: ForeignProcess
  #peers: readonly RouterPeer[] = []

  constructor(place: RouterPlace) {
    this.#place = place
    const { prefix, directory } = place
    const files = ['-c', this.#configFile, '-s', this.#socket, '-P', join(directory, 'bird.pid')]
    this.#process = new ForeignProcess({
      name: 'bird',
      command: [...prefix, 'bird', '-f', ...files],
      logFile: join(directory, 'router.log')
    })
  }

  async start(config: RouterConfig): Promise<string> {
    await this.#write(config)
    this.#process.start()
    const status = await untilAnswered(this.#process, async () => this.command('show status'))
    return /BIRD \d\S*/.exec(status)?.[0] ?? 'BIRD'
  }

  /** Takes another configuration; sessions of peers that did not change go on. */
  async configure(config: RouterConfig): Promise<void> {
    await this.#write(config)
    await this.command('configure')
  }

  async sessions(): Promise<readonly RouterSession[]> {
    return parseBirdSessions(await this.command('show protocols'), this.#peers)
  }

  /** What its operator would type. @returns what it says */
  async command(words: string): Promise<string> {
    return run('birdc', ['-s', this.#socket, words])
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }

  async #write(config: RouterConfig): Promise<void> {
    this.#peers = config.peers
    await writeFile(this.#configFile, buildBirdConfig(config))
  }

  get #configFile(): string {
    return join(this.#place.directory, 'bird.conf')
  }

  get #socket(): string {
    return join(this.#place.directory, 'bird.ctl')
  }
}

/** Lines of `show protocols`, as `node_1 BGP --- up 2026-01-01 10:00:00.123 Established`. */
export function parseBirdSessions(shown: string, peers: readonly RouterPeer[]): readonly RouterSession[] {
  const lines = shown.split('\n').map((line) => line.trim().split(/\s+/))
  return peers.map(({ name, address }) => {
    const [, , , , date = '', time = '', state] = lines.find(([first]) => first === name) ?? []
    const isEstablished = state === 'Established'
    // Without a zone it is local time, here as there.
    return { address, establishedAtMs: isEstablished ? Date.parse(`${date}T${time}`) : undefined }
  })
}
