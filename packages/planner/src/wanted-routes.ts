import type { BgpChange } from './bgp-decider.ts'
import type { BgpDecision, BgpRoute } from './bgp-decision.ts'
import { findConflicts, isDisputed, type RouteConflict } from './route-conflicts.ts'
import {
  isSameRoute,
  isSameVoice,
  type Merged,
  mergeVoices,
  type Voice,
  type WantedRoute
} from './route-merge.ts'

/** What became different for one peer. */
export interface PeerDifference {
  readonly peer: string
  readonly set: readonly WantedRoute[]
  /** Prefixes, as text. */
  readonly remove: readonly string[]
}

/** What there is about a prefix. */
interface Entry {
  voices: readonly Voice[]
  merged: readonly Merged[]
}

/** By prefix as text: what each peer was told of it. */
type Told = Map<string, readonly Merged[]>

/**
 * The routes that each peer is to have, made of what each Service adds: several may have a prefix in common. A change
 * touches the prefixes of its Service; peers that are told the same share the object that says it.
 */
export class WantedRoutes {
  /** What each Service adds. */
  readonly #added = new Map<string, readonly BgpRoute[]>()
  /** By prefix as text. */
  readonly #entries = new Map<string, Entry>()
  /** Prefixes whose Services do not agree. */
  readonly #disputed = new Set<string>()
  #peers: readonly string[] = []

  /** Number of prefixes, whether there is a peer for them or not. */
  get size(): number {
    return this.#entries.size
  }

  /** Takes over some decisions and tells what became different, for each peer that something did for. */
  apply(changes: readonly BgpChange[]): readonly PeerDifference[] {
    const told: Told = new Map()
    for (const { key, after } of changes) {
      const before = this.#added.get(key) ?? []
      const now = routesOf(after)
      if (before === now) continue
      for (const route of before) this.#remove(route, key, told)
      if (now.length === 0) this.#added.delete(key)
      else this.#added.set(key, now)
      for (const route of now) this.#add(route, key, told)
    }
    for (const [text, before] of told) this.#merge(text, before)
    return this.#compare(told)
  }

  /** The peers that there are, by name. One that is new is told all; of one that is gone all is removed. */
  setPeers(names: Iterable<string>): readonly PeerDifference[] {
    const peers = [...new Set(names)].toSorted()
    const before = this.#peers
    if (peers.join('\n') === before.join('\n')) return []
    const differences: PeerDifference[] = before
      .filter((peer) => !peers.includes(peer))
      .map((peer) => ({ peer, set: [], remove: this.routesOf(peer).map(({ prefix }) => prefix.toString()) }))
    this.#peers = peers
    for (const [text, { merged }] of this.#entries)
      if (merged.length === 0 || merged.some((one) => one.peers !== undefined)) this.#merge(text, merged)
    for (const peer of peers)
      if (!before.includes(peer)) differences.push({ peer, set: this.routesOf(peer), remove: [] })
    return differences
      .filter(({ set, remove }) => set.length + remove.length > 0)
      .toSorted((a, b) => (a.peer < b.peer ? -1 : 1))
  }

  /** All that a peer is to be told. */
  routesOf(peer: string): readonly WantedRoute[] {
    if (!this.#peers.includes(peer)) return []
    return [...this.#entries.values()].flatMap(({ merged }) => routeFor(merged, peer) ?? [])
  }

  /** Names of the peers that are told of a prefix of the Service, in order. */
  peersOf(key: string): readonly string[] {
    const names = new Set<string>()
    for (const { prefix } of this.#added.get(key) ?? []) {
      for (const { peers } of this.#entries.get(prefix.toString())?.merged ?? []) {
        if (peers === undefined) return this.#peers
        for (const name of peers) names.add(name)
      }
    }
    return [...names].toSorted()
  }

  /** Keys of the Services that a prefix (as text) is advertised for, in order. */
  servicesOf(prefix: string): readonly string[] {
    const voices = this.#entries.get(prefix)?.voices ?? []
    return [...new Set(voices.flatMap(({ services }) => services))].toSorted()
  }

  /** Where Services do not agree, in order of the prefixes' text. */
  conflicts(): readonly RouteConflict[] {
    return [...this.#disputed]
      .toSorted()
      .flatMap((text) => findConflicts(text, this.#entries.get(text)?.voices ?? [], this.#peers))
  }

  #add(route: BgpRoute, key: string, told: Told): void {
    const text = route.prefix.toString()
    const entry = this.#entries.get(text) ?? { voices: [], merged: [] }
    const voice = entry.voices.find((one) => isSameVoice(one.route, route))
    if (voice !== undefined) {
      // A Service adds its routes in one go: if it is there already, it is the last.
      if (voice.services.at(-1) !== key) voice.services.push(key)
      return
    }
    if (!told.has(text)) told.set(text, entry.merged)
    entry.voices = [...entry.voices, { route, services: [key] }]
    this.#entries.set(text, entry)
  }

  #remove(route: BgpRoute, key: string, told: Told): void {
    const text = route.prefix.toString()
    const entry = this.#entries.get(text)
    const voice = entry?.voices.find((one) => isSameVoice(one.route, route))
    const i = voice?.services.indexOf(key) ?? -1
    if (entry === undefined || voice === undefined || i < 0) return
    voice.services.splice(i, 1)
    if (voice.services.length > 0) return
    if (!told.has(text)) told.set(text, entry.merged)
    entry.voices = entry.voices.filter((one) => one !== voice)
  }

  /** Says anew what peers are told of a prefix; what stays the same stays the same object. */
  #merge(text: string, before: readonly Merged[]): void {
    const entry = this.#entries.get(text)
    if (entry === undefined) return
    if (entry.voices.length === 0) {
      this.#entries.delete(text)
      this.#disputed.delete(text)
      return
    }
    entry.merged = mergeVoices(entry.voices, this.#peers).map((one) => {
      const same = before.find(({ route }) => isSameRoute(route, one.route))
      return same === undefined ? one : { ...one, route: same.route }
    })
    if (isDisputed(entry.voices)) this.#disputed.add(text)
    else this.#disputed.delete(text)
  }

  #compare(told: Told): readonly PeerDifference[] {
    return this.#peers.flatMap((peer) => {
      const set: WantedRoute[] = []
      const remove: string[] = []
      for (const [text, before] of told) {
        const was = routeFor(before, peer)
        const is = routeFor(this.#entries.get(text)?.merged ?? [], peer)
        if (is === was) continue
        if (is === undefined) remove.push(text)
        else set.push(is)
      }
      return set.length + remove.length > 0 ? { peer, set, remove } : []
    })
  }
}

const NONE: readonly BgpRoute[] = []

function routesOf(decision: BgpDecision | undefined): readonly BgpRoute[] {
  return decision?.outcome === 'advertise' ? decision.routes : NONE
}

function routeFor(merged: readonly Merged[], peer: string): WantedRoute | undefined {
  return merged.find(({ peers }) => peers === undefined || peers.includes(peer))?.route
}
