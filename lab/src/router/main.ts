// A router for where there is no other: takes BGP sessions, and puts what it is told into the kernel's table. Runs inside
// the router's network namespace; its configuration is its only argument.
import { BfdSpeaker } from '@clarion-lb/bfd'
import { BgpSpeaker } from '@clarion-lb/bgp'
import { Ipv4Address, Ipv6Address, parseIpAddress } from '@clarion-lb/netaddr'
import { run } from '../shell.ts'
import { formatRouteCommand, ReceivedRoutes, type RouteChange } from './received-routes.ts'
import type { RouterConfig, RouterPeer } from './router.ts'

/** It is our own program that starts this one, of the same build: the shape is not checked. */
const config = JSON.parse(process.argv[2] ?? '{}') as RouterConfig
const bfd = new BfdSpeaker()
const bgp = new BgpSpeaker({
  asn: config.asn,
  bgpIdentifier: Ipv4Address.parse(config.routerId),
  listen: [{ address: Ipv6Address.parse('::') }]
})
const routes = new ReceivedRoutes()
let applying = Promise.resolve()

/** One `ip` at a time, in the order of what was told. */
function apply(changes: readonly RouteChange[]): void {
  if (changes.length === 0) return
  applying = applying.then(async () => writeRoutes(changes))
}

async function writeRoutes(changes: readonly RouteChange[]): Promise<void> {
  try {
    await run('ip', ['-batch', '-'], `${changes.map(formatRouteCommand).join('\n')}\n`)
  } catch (error) {
    process.stderr.write(`${String(error)}\n`)
  }
}

function addPeer({ name, address, localAddress, asn, password, bfd: timing }: RouterPeer): void {
  const remoteAddress = parseIpAddress(address)
  const peer = bgp.addPeer({
    name,
    address: remoteAddress,
    localAddress: parseIpAddress(localAddress),
    asn,
    isPassive: true,
    families: [remoteAddress.family],
    ...(password === undefined ? {} : { password })
  })
  peer.on('update', (update) => apply(routes.update(name, update)))
  peer.on('established', () => {
    process.send?.({ address, establishedAtMs: performance.timeOrigin + performance.now() })
  })
  peer.on('closed', ({ wasEstablished, message }) => {
    process.stderr.write(`${name}: ${message}\n`)
    if (!wasEstablished) return
    apply(routes.forget(name))
    process.send?.({ address })
  })
  if (timing === undefined) return
  const session = bfd.add({
    remoteAddress,
    localAddress: parseIpAddress(localAddress),
    transmitIntervalMs: timing.intervalMs,
    receiveIntervalMs: timing.intervalMs,
    detectMultiplier: timing.multiplier
  })
  session.on('down', ({ reason }) => {
    process.stderr.write(`${name}: BFD ${reason}\n`)
    if (reason === 'detectionTimeExpired' || reason === 'remoteDown') peer.reset('bfd-down')
  })
}

async function stop(): Promise<void> {
  await bfd.stop()
  await bgp.stop({ mode: 'shutdown', text: 'the router ends' })
  await applying
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('disconnect', () => void stop())

bfd.start()
for (const peer of config.peers) addPeer(peer)
await bgp.start()
process.send?.({ type: 'ready' })
