import { isDeepStrictEqual } from 'node:util'
import { BfdSpeaker } from '@clarion-lb/bfd'
import {
  type Advertisement,
  BgpOptionsError,
  type BgpPeer,
  type BgpPeerOptions,
  BgpSpeaker
} from '@clarion-lb/bgp'
import { type IpAddress, IpPrefix, Ipv4Address, parseIpAddress } from '@clarion-lb/netaddr'
import {
  identifierOf,
  isOnLink,
  type LocalAddress,
  localAddresses,
  nextHopsOf,
  sourceTowards
} from './local-addresses.ts'
import { PeerBfd } from './peer-bfd.ts'
import { refusedState, stateOf } from './peer-state.ts'
import type {
  PeerCounts,
  PeerState,
  RouteMessage,
  RoutesChange,
  SessionsEnd,
  WantedPeer
} from './sessions-messages.ts'

export interface SessionsCoreOptions {
  /** Name of this node. */
  readonly node: string
  readonly onState: (state: PeerState) => void
}

interface Entry {
  wanted: WantedPeer
  readonly peer: BgpPeer
  readonly bfd: PeerBfd
}

/** How often addresses of this node are looked at. */
const LOOK_MS = 5000
/** Peers are asked to prefer other ways for so long before a node leaves (RFC 8326). */
const GRACEFUL_SHUTDOWN_MS = 500

/** BGP and BFD sessions with the wanted peers. The two meet here: a peer that BFD says is gone loses its session at once. */
export class SessionsCore {
  readonly #options: SessionsCoreOptions
  readonly #bfd = new BfdSpeaker()
  readonly #entries = new Map<string, Entry>()
  /** Peers that cannot be, by name: what is wrong with them. */
  readonly #refused = new Map<string, PeerState>()
  /** One advertisement for each route object, so that peers share it. */
  readonly #advertisements = new WeakMap<RouteMessage, Advertisement>()
  /** Routes of peers that are not there (yet). */
  readonly #routes = new Map<string, Map<string, RouteMessage>>()
  #bgp: BgpSpeaker | undefined
  #isComplete = false
  #isGracefulShutdown = false
  /** As they were when next hops were chosen last, as text. */
  #addresses = ''
  #watch: NodeJS.Timeout | undefined
  /** Changes of peers, one after another. */
  #working: Promise<void> = Promise.resolve()

  constructor(options: SessionsCoreOptions) {
    this.#options = options
  }

  start(): void {
    this.#bfd.start()
    this.#watch = setInterval(() => this.#lookAtAddresses(), LOOK_MS)
  }

  /** All peers; a session is ended only if its own peer changed in a way that it cannot live with. */
  setPeers(peers: readonly WantedPeer[]): void {
    this.#working = this.#working.then(() => this.#syncPeers(peers))
  }

  setRoutes(changes: readonly RoutesChange[]): void {
    for (const { peer, set, remove } of changes) {
      const routes = this.#routes.get(peer) ?? new Map<string, RouteMessage>()
      this.#routes.set(peer, routes)
      for (const prefix of remove) routes.delete(prefix)
      for (const route of set) routes.set(route.prefix, route)
      if (routes.size === 0) this.#routes.delete(peer)
      const known = this.#entries.get(peer)?.peer
      if (known === undefined) continue
      if (remove.length > 0) known.remove(remove.map((prefix) => IpPrefix.parse(prefix)))
      if (set.length > 0) known.add(set.map((route) => this.#advertisementOf(route)))
    }
  }

  /** All routes are given: peers may forget what they were not told again. */
  markComplete(): void {
    this.#isComplete = true
    this.#bgp?.markComplete()
  }

  /** Whether peers are asked to prefer other ways: all routes are sent again, with a community that says so (RFC 8326). */
  setGracefulShutdown(isGraceful: boolean): void {
    this.#isGracefulShutdown = isGraceful
    this.#bgp?.setGracefulShutdown(isGraceful)
  }

  counts(): readonly PeerCounts[] {
    return [...this.#entries.values()].map((entry) => {
      const { families, counters } = entry.peer.status()
      const sum = (field: 'advertised' | 'pending' | 'received'): number =>
        families[4][field] + families[6][field]
      return {
        ...stateOf(entry),
        messages: counters,
        advertised: sum('advertised'),
        pending: sum('pending'),
        received: sum('received'),
        bfdCounters: entry.bfd.counters
      }
    })
  }

  async stop({ mode, text }: SessionsEnd): Promise<void> {
    clearInterval(this.#watch)
    await this.#working
    if (this.#bgp !== undefined) await this.#leave(this.#bgp, { mode, text })
    // After the sessions that it watches: AdminDown is no failure (RFC 5882 §4.2), but not every router knows.
    await this.#bfd.stop()
  }

  async #leave(bgp: BgpSpeaker, { mode, text }: SessionsEnd): Promise<void> {
    if (mode === 'leave') {
      bgp.setGracefulShutdown(true)
      await new Promise((resolve) => setTimeout(resolve, GRACEFUL_SHUTDOWN_MS))
    }
    const staying =
      mode === 'restart' ? [...this.#entries.values()].filter(({ wanted }) => wanted.hasGracefulRestart) : []
    await Promise.all(staying.map(async ({ peer }) => bgp.removePeer(peer.name, { mode: 'restart' })))
    await bgp.stop({ mode: 'shutdown', text })
  }

  async #syncPeers(peers: readonly WantedPeer[]): Promise<void> {
    const names = new Set(peers.map(({ name }) => name))
    for (const name of this.#refused.keys()) if (!names.has(name)) this.#refused.delete(name)
    const gone = [...this.#entries.values()].filter(({ wanted }) => !names.has(wanted.name))
    for (const entry of gone) {
      this.#entries.delete(entry.wanted.name)
      entry.bfd.stop()
      void this.#bgp?.removePeer(entry.wanted.name)
    }
    for (const wanted of peers) {
      const known = this.#entries.get(wanted.name)
      if (known !== undefined && isDeepStrictEqual(known.wanted, wanted)) continue
      try {
        await this.#syncPeer(wanted, known)
        this.#refused.delete(wanted.name)
      } catch (error) {
        if (!(error instanceof Error)) throw error
        const state = refusedState(wanted, error)
        this.#refused.set(wanted.name, state)
        this.#options.onState(state)
      }
    }
  }

  async #syncPeer(wanted: WantedPeer, known: Entry | undefined): Promise<void> {
    const { options, isMultihop } = await this.#optionsOf(wanted)
    const bgp = await this.#speaker(wanted, options)
    if (known !== undefined) {
      const isFixed = wanted.routerId !== undefined || known.wanted.routerId !== undefined
      bgp.updatePeer(isFixed ? options : withIdentifierOf(known, options))
      known.wanted = wanted
      known.bfd.update(wanted.bfd, isMultihop)
      return
    }
    const peer = bgp.addPeer(options)
    const bfd = new PeerBfd({
      speaker: this.#bfd,
      peer,
      onDown: () => peer.reset('bfd-down'),
      onChange: () => this.#tell(wanted.name)
    })
    this.#entries.set(wanted.name, { wanted, peer, bfd })
    const routes = this.#routes.get(wanted.name)
    if (routes !== undefined)
      peer.setAdvertisements([...routes.values()].map((route) => this.#advertisementOf(route)))
    peer.on('stateChange', () => this.#tell(wanted.name))
    peer.on('closed', () => this.#tell(wanted.name))
    peer.on('established', () => {
      // Addresses of this node may be others now.
      void this.#refresh(wanted.name)
    })
    bfd.update(wanted.bfd, isMultihop)
    this.#tell(wanted.name)
  }

  /** Made with the first peer: it has its autonomous system of one. */
  async #speaker({ localAsn }: WantedPeer, { bgpIdentifier }: BgpPeerOptions): Promise<BgpSpeaker> {
    if (this.#bgp !== undefined) return this.#bgp
    if (bgpIdentifier === undefined) throw new BgpOptionsError('bgpIdentifier', 'is needed')
    const { node } = this.#options
    const bgp = new BgpSpeaker({ asn: localAsn, bgpIdentifier, holdsEndOfRib: true, hostName: node })
    this.#bgp = bgp
    await bgp.start()
    if (this.#isGracefulShutdown) bgp.setGracefulShutdown(true)
    if (this.#isComplete) bgp.markComplete()
    return bgp
  }

  async #optionsOf(
    wanted: WantedPeer
  ): Promise<{ readonly options: BgpPeerOptions; readonly isMultihop: boolean }> {
    const local = localAddresses()
    const address = wanted.address === undefined ? undefined : parseIpAddress(wanted.address)
    const source = await sourceOf(wanted, address, local)
    const zone = wanted.interface
    const isLinked = address === undefined || isOnLink(address, local)
    const settings = {
      name: wanted.name,
      asn: wanted.asn,
      localAsn: wanted.localAsn,
      port: wanted.port,
      bgpIdentifier:
        wanted.routerId === undefined
          ? identifierOf(
              source ?? local.find((one) => one.interface === zone)?.address,
              local,
              this.#options.node
            )
          : Ipv4Address.parse(wanted.routerId),
      families: wanted.families,
      nextHops: nextHopsOf(source, local, { zone, isLinked }),
      ...(wanted.sourceAddress === undefined ? {} : { localAddress: parseIpAddress(wanted.sourceAddress) }),
      ...(wanted.vrf === undefined ? {} : { device: wanted.vrf }),
      ...(wanted.password === undefined ? {} : { password: wanted.password }),
      ...(wanted.holdTimeMs === undefined ? {} : { holdTimeMs: wanted.holdTimeMs }),
      ...(wanted.keepaliveTimeMs === undefined ? {} : { keepaliveTimeMs: wanted.keepaliveTimeMs }),
      ...(wanted.connectTimeMs === undefined ? {} : { connectRetryMs: wanted.connectTimeMs }),
      // What serves the addresses does not depend on this process: it may have been here before.
      ...(wanted.hasGracefulRestart ? { gracefulRestart: { isRestarting: true } } : {})
    }
    const isInternal = wanted.asn === 'internal' || wanted.asn === wanted.localAsn
    const isMultihop = wanted.isMultihop || (isInternal && !isLinked)
    if (address !== undefined)
      return {
        options: { ...settings, address, ...(zone === undefined ? {} : { interface: zone }) },
        isMultihop
      }
    if (zone === undefined)
      throw new BgpOptionsError('address', 'neither an address nor an interface is given')
    return { options: { ...settings, interface: zone }, isMultihop: false }
  }

  /** Addresses come and go while sessions stay. */
  #lookAtAddresses(): void {
    const addresses = JSON.stringify(localAddresses())
    if (addresses === this.#addresses) return
    this.#addresses = addresses
    for (const name of this.#entries.keys()) void this.#refresh(name)
  }

  /** Next hops follow the addresses of this node; that needs no new session. */
  async #refresh(name: string): Promise<void> {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    const { options } = await this.#optionsOf(entry.wanted)
    if (this.#entries.get(name) !== entry || isSameText(entry.peer.options.nextHops, options.nextHops)) return
    this.#bgp?.updatePeer(withIdentifierOf(entry, options))
  }

  #advertisementOf(route: RouteMessage): Advertisement {
    const known = this.#advertisements.get(route)
    if (known !== undefined) return known
    const { prefix, localPref, communities, largeCommunities } = route
    const advertisement = {
      prefix: IpPrefix.parse(prefix),
      attributes: { communities, largeCommunities, ...(localPref === undefined ? {} : { localPref }) }
    }
    this.#advertisements.set(route, advertisement)
    return advertisement
  }

  #tell(name: string): void {
    const entry = this.#entries.get(name)
    if (entry !== undefined) this.#options.onState(stateOf(entry))
  }
}

/** The address that a session comes from; `undefined`: nobody knows before it is there. */
async function sourceOf(
  { sourceAddress, vrf, interface: zone }: WantedPeer,
  address: IpAddress | undefined,
  local: readonly LocalAddress[]
): Promise<IpAddress | undefined> {
  if (sourceAddress !== undefined) return parseIpAddress(sourceAddress)
  if (address === undefined) return undefined
  if (vrf === undefined) return sourceTowards(address, zone)
  // The routes of this process are not those of the VRF.
  return local.find((one) => one.address.family === address.family && one.prefix.contains(address))?.address
}

/** A session would have to begin anew for another one. */
function withIdentifierOf({ peer }: Pick<Entry, 'peer'>, options: BgpPeerOptions): BgpPeerOptions {
  const { bgpIdentifier } = peer.options
  return bgpIdentifier === undefined ? options : { ...options, bgpIdentifier }
}

/** Addresses are equal by their text. */
function isSameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
