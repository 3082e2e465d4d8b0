// Makes every kind of socket that a speaker makes, each with the options that might need a capability, and prints as JSON
// what became of each: `ok`, or the error.
import {
  arpFilter,
  MulticastSocket,
  NetlinkSocket,
  PacketSocket,
  setTcpMd5Key,
  TcpSocket,
  UdpSocket
} from '@clarion-lb/linux-net'
import { Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'

const HERE = Ipv4Address.parse('127.0.0.1')
const ARP = 0x0806

const CALLS: Readonly<Record<string, () => unknown>> = {
  'frames of ARP on all interfaces': () => {
    const { program } = arpFilter([HERE], { interfaces: [1] })
    PacketSocket.open({ etherType: ARP, filter: program }).close()
  },
  'changes of links and addresses': () => NetlinkSocket.open('links-and-addresses').close(),
  'groups of NDP': () => {
    const socket = MulticastSocket.open()
    socket.join(1, Ipv6Address.parse('ff02::1:ff00:1'))
    socket.close()
  },
  'BGP by an interface, with a password, from an address': () => {
    const socket = TcpSocket.open({
      family: 4,
      device: 'lo',
      localAddress: HERE,
      ttl: 255,
      minTtl: 255,
      trafficClass: 0xc0,
      userTimeoutMs: 1000
    })
    setTcpMd5Key(socket.fd, 4, HERE, Buffer.from('secret'))
    socket.close()
  },
  'BFD of one hop by an interface': () =>
    UdpSocket.open({
      family: 4,
      localAddress: HERE,
      localPort: 3784,
      device: 'lo',
      ttl: 255,
      trafficClass: 0xc0,
      receiveBufferBytes: 1 << 20
    }).close()
}

const results = Object.entries(CALLS).map(([name, call]) => {
  try {
    call()
    return [name, 'ok']
  } catch (error) {
    return [name, error instanceof Error ? error.message : String(error)]
  }
})
process.stdout.write(JSON.stringify(Object.fromEntries(results)))
