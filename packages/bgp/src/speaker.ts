import type { Socket } from 'node:net'
import { type IpAddress, tryParseIpAddress } from '@clarion-lb/netaddr'
import { Listener } from './listener.ts'
import {
  BgpOptionsError,
  type BgpPeerOptions,
  type BgpSpeakerOptions,
  checkPeerOptions,
  checkSpeakerOptions
} from './options.ts'
import { BgpPeer } from './peer.ts'
import type { PeerContext, StopOptions } from './peer-context.ts'
import { RibEncoder } from './rib-encoder.ts'
import { RouteInterner } from './routes.ts'
import { checkTransport, keyOf, minTtlOf, type PeerEndpoint, splitZone } from './transport.ts'
import { type DiscoverNeighbor, discoverNeighbor } from './unnumbered.ts'

interface Entry {
  readonly peer: BgpPeer
  /** Of an unnumbered one, while the speaker runs. */
  stopDiscovery: (() => void) | undefined
}

/** What a speaker takes from its surroundings, for tests to replace. */
export interface BgpSpeakerEnvironment {
  /** Finds the neighbour of an unnumbered peer. @defaultValue by router advertisements, on Linux */
  readonly discoverNeighbor?: DiscoverNeighbor
}

/** A BGP speaker (RFC 4271): peers, sessions with them, and the routes that they are told. Keeps no routes of others. */
export class BgpSpeaker {
  readonly #discover: DiscoverNeighbor
  readonly #context: PeerContext
  readonly #entries: Map<string, Entry> = new Map()
  readonly #listeners: readonly Listener[]
  #isRunning = false
  #forgetSignal: () => void = () => undefined
  #isComplete: boolean
  #isGracefulShutdown = false

  /** @throws BgpOptionsError */
  constructor(options: BgpSpeakerOptions, environment: BgpSpeakerEnvironment = {}) {
    checkSpeakerOptions(options)
    this.#discover = environment.discoverNeighbor ?? discoverNeighbor
    this.#isComplete = options.holdsEndOfRib !== true
    this.#context = {
      encoder: new RibEncoder(),
      interner: new RouteInterner(),
      identity: (peer) => ({
        asn: peer.localAsn ?? options.asn,
        bgpIdentifier: peer.bgpIdentifier ?? options.bgpIdentifier,
        hostName: options.hostName
      }),
      isComplete: () => this.#isComplete,
      isGracefulShutdown: () => this.#isGracefulShutdown
    }
    this.#listeners = (options.listen ?? []).map(
      (address) => new Listener(address, (socket) => this.#accept(socket))
    )
  }

  /** Ports that are listened on, in the order of the options. */
  get ports(): readonly (number | undefined)[] {
    return this.#listeners.map((listener) => listener.port)
  }

  get peers(): readonly BgpPeer[] {
    return [...this.#entries.values()].map(({ peer }) => peer)
  }

  peer(name: string): BgpPeer | undefined {
    return this.#entries.get(name)?.peer
  }

  /**
   * Listens and connects. An aborted signal stops it as for a restart.
   *
   * @throws LinuxNetError, or the system's error, if it cannot listen; then nothing is started
   */
  async start(signal?: AbortSignal): Promise<void> {
    if (this.#isRunning || signal?.aborted === true) return
    try {
      for (const listener of this.#listeners) await listener.start()
    } catch (error) {
      for (const listener of this.#listeners) listener.stop()
      throw error
    }
    this.#isRunning = true
    const onAbort = (): void => void this.stop({ mode: 'restart' })
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#forgetSignal = () => signal?.removeEventListener('abort', onAbort)
    for (const entry of this.#entries.values()) this.#startPeer(entry)
  }

  /** Ends all sessions, see {@link StopOptions}; settles when they are closed, some seconds later at most. */
  async stop(options: StopOptions = { mode: 'shutdown' }): Promise<void> {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#forgetSignal()
    for (const listener of this.#listeners) listener.stop()
    await Promise.all([...this.#entries.values()].map(async (entry) => stopPeer(entry, options)))
  }

  /**
   * Adds a peer, and connects to it if the speaker runs.
   *
   * @throws BgpOptionsError, also for a name that is taken
   */
  addPeer(options: BgpPeerOptions): BgpPeer {
    this.#check(options)
    if (this.#entries.has(options.name)) throw new BgpOptionsError('name', `${options.name} is taken`)
    const entry: Entry = { peer: new BgpPeer(options, this.#context), stopDiscovery: undefined }
    this.#setKey(options.address, options)
    this.#entries.set(options.name, entry)
    this.#setMinTtl()
    if (this.#isRunning) this.#startPeer(entry)
    return entry.peer
  }

  /**
   * Changes a peer, of the same name. Its session is ended only if the change cannot be had otherwise, other sessions
   * never. Advertisements stay.
   *
   * @throws BgpOptionsError, also if there is no such peer; then nothing is changed
   */
  updatePeer(options: BgpPeerOptions): BgpPeer {
    this.#check(options)
    const entry = this.#entries.get(options.name)
    if (entry === undefined) throw new BgpOptionsError('name', `there is no ${options.name}`)
    const { peer } = entry
    const before = peer.options
    const old = peer.endpoint?.address
    const isFoundElsewhere = before.address !== undefined || before.interface !== options.interface
    if (isFoundElsewhere) {
      entry.stopDiscovery?.()
      entry.stopDiscovery = undefined
    }
    if (old !== undefined && options.address?.equals(old) !== true)
      this.#setKey(old, { ...options, password: '' })
    this.#setKey(options.address ?? (isFoundElsewhere ? undefined : old), options)
    peer.update(options)
    this.#setMinTtl()
    if (this.#isRunning && entry.stopDiscovery === undefined) this.#startDiscovery(entry)
    return peer
  }

  /** Ends the session, see {@link StopOptions}, and forgets the peer. Settles when it is closed. */
  async removePeer(name: string, options: StopOptions = { mode: 'removal' }): Promise<void> {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    this.#entries.delete(name)
    this.#setMinTtl()
    const address = entry.peer.endpoint?.address
    await stopPeer(entry, options)
    const isShared = this.peers.some(
      (peer) => address !== undefined && peer.endpoint?.address.equals(address)
    )
    if (!isShared) this.#setKey(address, { ...entry.peer.options, password: '' })
  }

  /** All routes were given: peers get End-of-RIB behind them (RFC 4724 §4.1). */
  markComplete(): void {
    if (this.#isComplete) return
    this.#isComplete = true
    for (const peer of this.peers) peer.markComplete()
  }

  /**
   * Asks peers to prefer other ways, before the routes go: all are sent again with the community GRACEFUL_SHUTDOWN, to
   * internal peers with LOCAL_PREF 0 (RFC 8326).
   */
  setGracefulShutdown(isGracefulShutdown: boolean): void {
    if (this.#isGracefulShutdown === isGracefulShutdown) return
    this.#isGracefulShutdown = isGracefulShutdown
    for (const peer of this.peers) peer.gracefulShutdownChanged()
  }

  #check(options: BgpPeerOptions): void {
    checkPeerOptions(options)
    checkTransport(options)
  }

  #startPeer(entry: Entry): void {
    entry.peer.start()
    this.#startDiscovery(entry)
  }

  #startDiscovery(entry: Entry): void {
    const { address, interface: zone } = entry.peer.options
    if (address !== undefined || zone === undefined) return
    entry.stopDiscovery = this.#discover(zone, (linkLocal) => {
      this.#setKey(linkLocal, entry.peer.options)
      entry.peer.setEndpoint({ address: linkLocal, zone })
    })
  }

  #setKey(address: IpAddress | undefined, options: BgpPeerOptions): void {
    if (address === undefined) return
    for (const listener of this.#listeners) listener.setKey(address, keyOf(options))
  }

  /** A listener can ask for no more than the peer that asks for least; the rest is asked for on connections. */
  #setMinTtl(): void {
    const minTtl =
      this.peers.length === 0 ? 0 : Math.min(...this.peers.map(({ options }) => minTtlOf(options)))
    for (const listener of this.#listeners) listener.setMinTtl(minTtl)
  }

  /** Who is no peer is told nothing, not even that this is a BGP speaker. */
  #accept(socket: Socket): void {
    // Until a session takes it: what goes wrong with it is of no interest.
    socket.on('error', () => undefined)
    const [text, zone] = splitZone(socket.remoteAddress)
    const address = tryParseIpAddress(text)
    const peer = address === undefined ? undefined : this.#peerOf(socket, { address, zone })
    if (address === undefined || peer === undefined) {
      socket.resetAndDestroy()
      return
    }
    // An unnumbered peer that was quicker than its advertisements is found, too.
    if (peer.endpoint === undefined) peer.setEndpoint({ address, zone })
    peer.accept(socket)
  }

  #peerOf(socket: Socket, remote: PeerEndpoint): BgpPeer | undefined {
    const local = tryParseIpAddress(splitZone(socket.localAddress)[0])
    return this.peers.find(({ options, endpoint }) => {
      const { localAddress } = options
      if (localAddress !== undefined && (local === undefined || !localAddress.equals(local))) return false
      if (endpoint === undefined) return remote.zone !== undefined && remote.zone === options.interface
      return (
        endpoint.address.equals(remote.address) &&
        (remote.zone === undefined || endpoint.zone === remote.zone)
      )
    })
  }
}

async function stopPeer(entry: Entry, options: StopOptions): Promise<void> {
  entry.stopDiscovery?.()
  entry.stopDiscovery = undefined
  await entry.peer.stop(options)
}
