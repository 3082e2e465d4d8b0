import {
  decodeEthernet,
  ETHER_TYPE,
  encodeEthernet,
  internetChecksum,
  padFrame,
  Writer
} from '@clarion-lb/wire'

const frame = new Uint8Array(64)
const broadcast = new Uint8Array(6).fill(0xff)
const source = Uint8Array.of(2, 0, 0, 0, 0, 1)
const length = padFrame(frame, encodeEthernet(frame, broadcast, source, ETHER_TYPE.ARP))

const header = decodeEthernet(frame.subarray(0, length))
console.log(header.source.toString(), header.destination.toString(), header.payloadOffset, length)
// prints: 02:00:00:00:00:01 ff:ff:ff:ff:ff:ff 14 60

const words = new Writer(new Uint8Array(8)).uint16(0x0001).uint16(0xf203).uint16(0xf4f5).uint16(0xf6f7)
console.log(internetChecksum(words.written()).toString(16))
// prints: 220d
