// BGP routers that take routes and forget them, one at each address. Usage: route-sinks.js OPTIONS-AS-JSON
import { BgpSpeaker } from '@clarion-lb/bgp'
import { Ipv4Address, parseIpAddress } from '@clarion-lb/netaddr'

export interface RouteSinksOptions {
  readonly asn: number
  readonly peerAsn: number
  /** Where each one listens, and where its peer comes from. */
  readonly sinks: readonly { readonly address: string; readonly port: number; readonly peer: string }[]
}

/** All sinks have received so many announcements of prefixes since they were started, each. */
export interface SinksRequest {
  readonly type: 'tellWhen'
  readonly received: number
}

main(JSON.parse(process.argv[2] ?? '{}'))

function main({ asn, peerAsn, sinks }: RouteSinksOptions): void {
  const received = sinks.map(() => 0)
  let wanted = Infinity
  const check = (): void => {
    if (received.some((count) => count < wanted)) return
    wanted = Infinity
    process.send?.({ type: 'received' })
  }
  const speakers = sinks.map(({ address, port, peer }, i) => {
    const listen = [{ address: parseIpAddress(address), port }]
    const bgpIdentifier = Ipv4Address.fromNumber(0x0a00_0001 + i)
    const speaker = new BgpSpeaker({ asn, bgpIdentifier, listen })
    speaker
      .addPeer({ name: 'peer', address: parseIpAddress(peer), asn: peerAsn, isPassive: true })
      .on('update', ({ reached }) => {
        for (const { prefixes } of reached) received[i] = (received[i] ?? 0) + prefixes.length
        check()
      })
    return speaker
  })
  process.on('message', (request: SinksRequest) => {
    wanted = request.received
    check()
  })
  process.once('SIGTERM', () => process.exit())
  void Promise.all(speakers.map(async (speaker) => speaker.start())).then(() =>
    process.send?.({ type: 'ready' })
  )
}
