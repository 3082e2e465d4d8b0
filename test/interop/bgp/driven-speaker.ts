import assert from 'node:assert/strict'
import {
  type BgpCloseReason,
  type BgpPeer,
  type BgpPeerOptions,
  BgpSpeaker,
  type NextHopOptions,
  type StopOptions,
  type UpdateMessage
} from '@clarion-lb/bgp'
import { IpPrefix, Ipv4Address, Ipv6Address, parseIpAddress } from '@clarion-lb/netaddr'
import type { CloseReport, PeerReport, PeerSpec, RouteSpec, SpeakerSpec } from './driver-protocol.ts'

/** So many ends of connections are kept. */
const MAX_CLOSES = 20

/** The BGP half of a driver. */
export class DrivenSpeaker {
  readonly #received: Map<string, Set<string>> = new Map()
  readonly #closes: Map<string, CloseReport[]> = new Map()
  #speaker: BgpSpeaker | undefined

  async start({ asn, bgpIdentifier, listen, ...rest }: SpeakerSpec): Promise<void> {
    this.#speaker = new BgpSpeaker({
      asn,
      bgpIdentifier: Ipv4Address.parse(bgpIdentifier),
      listen: listen.map((address) => ({ address: parseIpAddress(address) })),
      ...rest
    })
    await this.#speaker.start()
  }

  addPeer(spec: PeerSpec): void {
    const peer = this.#running.addPeer(optionsOf(spec))
    const received = new Set<string>()
    const closes: CloseReport[] = []
    this.#received.set(spec.name, received)
    this.#closes.set(spec.name, closes)
    peer.on('update', (update) => learn(received, update))
    peer.on('closed', (reason) => {
      if (reason.wasEstablished) received.clear()
      closes.unshift(closeOf(reason))
      closes.splice(MAX_CLOSES)
    })
  }

  async removePeer(name: string, stop: StopOptions): Promise<void> {
    await this.#running.removePeer(name, stop)
    this.#received.delete(name)
    this.#closes.delete(name)
  }

  advertise(name: string, routes: readonly RouteSpec[]): void {
    this.#peer(name).setAdvertisements(
      routes.map(({ prefix, attributes }) => ({
        prefix: IpPrefix.parse(prefix),
        ...(attributes === undefined ? {} : { attributes })
      }))
    )
  }

  markComplete(): void {
    this.#running.markComplete()
  }

  async stop(options: StopOptions): Promise<void> {
    await this.#speaker?.stop(options)
  }

  bfdDown(name: string): void {
    this.#peer(name).reset('bfd-down')
  }

  report(name: string): PeerReport {
    const { state, families, counters, negotiated } = this.#peer(name).status()
    return {
      state,
      families,
      counters,
      hasGracefulRestart: negotiated?.hasGracefulRestart,
      closes: this.#closes.get(name) ?? [],
      received: [...(this.#received.get(name) ?? [])].toSorted()
    }
  }

  get #running(): BgpSpeaker {
    assert(this.#speaker !== undefined, 'not started')
    return this.#speaker
  }

  #peer(name: string): BgpPeer {
    const peer = this.#running.peer(name)
    assert(peer !== undefined, `there is no ${name}`)
    return peer
  }
}

function optionsOf({ address, interface: zone, localAddress, nextHops, ...rest }: PeerSpec): BgpPeerOptions {
  const settings = {
    ...rest,
    ...(localAddress === undefined ? {} : { localAddress: parseIpAddress(localAddress) }),
    ...(nextHops === undefined ? {} : { nextHops: nextHopsOf(nextHops) })
  }
  const place = zone === undefined ? {} : { interface: zone }
  if (address !== undefined) return { ...settings, ...place, address: parseIpAddress(address) }
  assert(zone !== undefined, 'neither an address nor an interface')
  return { ...settings, interface: zone }
}

function nextHopsOf({ ipv4, ipv6 }: NonNullable<PeerSpec['nextHops']>): NextHopOptions {
  return {
    ...(ipv4 === undefined ? {} : { ipv4: Ipv4Address.parse(ipv4) }),
    ...(ipv6 === undefined ? {} : { ipv6: Ipv6Address.parse(ipv6) })
  }
}

function learn(received: Set<string>, { reached, withdrawn }: UpdateMessage): void {
  for (const prefix of withdrawn) received.delete(prefix.toString())
  for (const { prefixes } of reached) for (const prefix of prefixes) received.add(prefix.toString())
}

function closeOf({ by, message, text, notification }: BgpCloseReason): CloseReport {
  return { by, message, text, code: notification?.code, subcode: notification?.subcode }
}
