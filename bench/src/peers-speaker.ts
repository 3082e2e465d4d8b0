// A speaker with many peers that get the same routes; it measures itself, and tells. Usage: peers-speaker.js OPTIONS-AS-JSON
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Advertisement, BGP_MESSAGE_CHANNEL, type BgpPeer, BgpSpeaker } from '@clarion-lb/bgp'
import { IpPrefix, Ipv4Address, parseIpAddress } from '@clarion-lb/netaddr'

export interface PeersSpeakerOptions {
  readonly asn: number
  readonly peerAsn: number
  readonly localAddress: string
  readonly peers: readonly { readonly address: string; readonly port: number }[]
  /** Routes of each peer, with so many sets of attributes among them. */
  readonly routes: number
  readonly attributeSets: number
  /** Single changes, with all routes and with this many. */
  readonly changes: number
  readonly fewRoutes: number
}

export interface PeersReport {
  readonly type: 'report'
  /** CPU time from the start of sessions to the last route handed over. */
  readonly sendCpuMs: number
  /** UPDATE messages with routes that were sent, to all peers, and those of them that are not the bytes of another one. */
  readonly updates: number
  readonly encoded: number
  /** Of one changed route: UPDATEs and octets, to each peer. */
  readonly changeUpdates: number
  readonly changeBytes: number
  /** CPU time of one changed route for all peers, among all routes and among few. */
  readonly changeCpuMs: number
  readonly changeCpuFewMs: number
}

const TYPE_OFFSET = 18
const UPDATE = 2
const FIRST = Ipv4Address.parse('10.0.0.0').toNumber()

main(JSON.parse(process.argv[2] ?? '{}'))

function main(options: PeersSpeakerOptions): void {
  process.once('SIGTERM', () => process.exit())
  process.once('message', () => void measure(options).then((report) => process.send?.(report)))
  process.send?.({ type: 'ready' })
}

async function measure(options: PeersSpeakerOptions): Promise<PeersReport> {
  const { asn, routes, changes, fewRoutes } = options
  const sent = { updates: 0, bytes: 0, encoded: new Set<unknown>() }
  subscribe(BGP_MESSAGE_CHANNEL, (trace) => count(trace, sent))
  const speaker = new BgpSpeaker({ asn, bgpIdentifier: Ipv4Address.parse('192.0.2.1') })
  const peers = addPeers(speaker, options)
  const all = Array.from({ length: routes }, (_, i) => routeOf(i, i % options.attributeSets))
  for (const peer of peers) peer.setAdvertisements(all)
  const before = cpuMs()
  const established = peers.map(async (peer) => once(peer, 'established'))
  await speaker.start()
  await Promise.all(established)
  await settled(peers)
  const sendCpuMs = cpuMs() - before
  // End-of-RIB is the same two messages for everybody.
  const report = { updates: sent.updates, encoded: sent.encoded.size }
  sent.encoded.clear()
  sent.updates = 0
  sent.bytes = 0
  await change(peers, 1)
  const perPeer = { changeUpdates: sent.updates / peers.length, changeBytes: sent.bytes / peers.length }
  const many: number[] = []
  const few: number[] = []
  // In turn, so that what the compiler has learned by then is the same for both.
  for (let round = 0; round < 3; round += 1) {
    for (const peer of peers) peer.setAdvertisements(all)
    await settled(peers)
    many.push(await change(peers, changes))
    for (const peer of peers) peer.setAdvertisements(all.slice(0, fewRoutes))
    await settled(peers)
    few.push(await change(peers, changes))
  }
  return {
    type: 'report',
    sendCpuMs,
    ...report,
    ...perPeer,
    changeCpuMs: Math.min(...many),
    changeCpuFewMs: Math.min(...few)
  }
}

function addPeers(
  speaker: BgpSpeaker,
  { peers, peerAsn, localAddress }: PeersSpeakerOptions
): readonly BgpPeer[] {
  return peers.map(({ address, port }) =>
    speaker.addPeer({
      name: address,
      address: parseIpAddress(address),
      port,
      asn: peerAsn,
      localAddress: parseIpAddress(localAddress)
    })
  )
}

/** CPU time of one of these changes. */
async function change(peers: readonly BgpPeer[], changes: number): Promise<number> {
  const before = cpuMs()
  for (let i = 0; i < changes; i += 1) {
    // Known to nobody yet, as a Service whose policy changed.
    const route = routeOf(i % 50, 100 + (i % 7))
    for (const peer of peers) peer.add([route])
    await settled(peers)
  }
  return (cpuMs() - before) / changes
}

/** Until all is handed to the system. */
async function settled(peers: readonly BgpPeer[]): Promise<void> {
  for (const peer of peers) while (peer.status().families[4].pending > 0) await nextTurn()
}

function routeOf(index: number, attributeSet: number): Advertisement {
  return {
    prefix: IpPrefix.of(Ipv4Address.fromNumber(FIRST + index), 32),
    attributes: { communities: [0xfbf5_0000 + attributeSet] }
  }
}

function count(trace: unknown, sent: { updates: number; bytes: number; encoded: Set<unknown> }): void {
  if (typeof trace !== 'object' || trace === null || !('bytes' in trace)) return
  const { bytes } = trace
  if (!('direction' in trace) || trace.direction !== 'sent' || !(bytes instanceof Uint8Array)) return
  if (bytes[TYPE_OFFSET] !== UPDATE || bytes.length < 32) return
  sent.updates += 1
  sent.bytes += bytes.length
  sent.encoded.add(bytes)
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
