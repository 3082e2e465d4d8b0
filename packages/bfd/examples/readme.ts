import { BfdSpeaker } from '@clarion-lb/bfd'
import { Ipv4Address } from '@clarion-lb/netaddr'

const [here, there] = [Ipv4Address.parse('127.0.0.1'), Ipv4Address.parse('127.0.0.2')]
// Routers listen on the ports of the RFCs, which is the default.
const listenPorts = { single: 13_784 }
const router = new BfdSpeaker({ listenAddresses: { ipv4: there }, listenPorts })
const host = new BfdSpeaker({ listenAddresses: { ipv4: here }, listenPorts })
router.start()
host.start()

const timing = { transmitIntervalMs: 50, receiveIntervalMs: 50, detectMultiplier: 3, remotePort: 13_784 }
router.add({ localAddress: there, remoteAddress: here, passiveMode: true, ...timing })
const session = host.add({ localAddress: here, remoteAddress: there, ...timing })
session.on('up', () => {
  console.log(`${session.remoteAddress.toString()} is up`)
  void router.stop()
})
session.on('down', ({ reason }) => {
  console.log(`down: ${reason}`)
  void host.stop()
})
// prints: 127.0.0.2 is up
// prints: down: remoteAdminDown
