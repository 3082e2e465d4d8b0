import { once } from 'node:events'
import { createServer } from 'node:net'
import {
  type BgpCloseReason,
  BgpSpeaker,
  type NextHop,
  type PathAttributes,
  type UpdateMessage
} from '@clarion-lb/bgp'
import { Ipv4Address, parseIpAddress } from '@clarion-lb/netaddr'
import { afterwards } from '@clarion-lb/runtime/testing'

export interface RouterOptions {
  /** @defaultValue 64501 */
  readonly asn?: number
  /** Of the speaker. @defaultValue 64500 */
  readonly peerAsn?: number
  readonly onChange?: () => void
}

/** A router on loopback that keeps what it is told. */
export class TestRouter {
  readonly port: number
  readonly closed: BgpCloseReason[] = []
  /** Families whose End-of-RIB came, in order. */
  readonly endsOfRib: number[] = []
  readonly #routes = new Map<
    string,
    { readonly attributes: PathAttributes | undefined; readonly nextHop: NextHop }
  >()
  readonly #speaker: BgpSpeaker
  sessions = 0
  updates = 0

  private constructor(
    port: number,
    { asn = 64501, peerAsn = 64500, onChange = () => undefined }: RouterOptions
  ) {
    this.port = port
    this.#speaker = new BgpSpeaker({
      asn,
      bgpIdentifier: Ipv4Address.parse('192.0.2.251'),
      listen: [{ address: Ipv4Address.parse('127.0.0.1'), port }]
    })
    const peer = this.#speaker.addPeer({
      name: 'node',
      address: parseIpAddress('127.0.0.1'),
      asn: peerAsn,
      isPassive: true
    })
    peer.on('established', () => {
      this.sessions += 1
      onChange()
    })
    peer.on('closed', (reason) => {
      this.closed.push(reason)
      this.#routes.clear()
      onChange()
    })
    peer.on('update', (update) => {
      this.#update(update)
      onChange()
    })
  }

  static async start(options: RouterOptions = {}): Promise<TestRouter> {
    const router = new TestRouter(await freePort(), options)
    await router.#speaker.start()
    afterwards(() => router.#speaker.stop())
    return router
  }

  /** Prefixes, in order of their text. */
  get routes(): readonly string[] {
    return [...this.#routes.keys()].toSorted()
  }

  attributesOf(prefix: string): PathAttributes | undefined {
    return this.#routes.get(prefix)?.attributes
  }

  /** Addresses, the global one first. */
  nextHopsOf(prefix: string): readonly string[] {
    return Object.values(this.#routes.get(prefix)?.nextHop ?? {}).map(String)
  }

  #update({ withdrawn, reached, attributes, endOfRib }: UpdateMessage): void {
    if (endOfRib === undefined) this.updates += 1
    else this.endsOfRib.push(endOfRib)
    for (const prefix of withdrawn) this.#routes.delete(prefix.toString())
    for (const { prefixes, nextHop } of reached)
      for (const prefix of prefixes) this.#routes.set(prefix.toString(), { attributes, nextHop })
  }
}

/** A BGPPeer's port is below 16385, where the system gives none. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 6000)
    const server = createServer()
    server.listen(port, '127.0.0.1')
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false)
    ]).catch(() => false)
    server.close()
    if (isFree) return port
  }
}
