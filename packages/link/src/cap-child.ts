// Runs libpcap on one interface, in a process of its own: when the interface goes down, `cap` aborts its process.
// Started by CapChild only.
import { createRequire } from 'node:module'
import { Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { type FromCapChild, isCapMessage } from './cap-messages.ts'
import { FrameMatcher } from './frame-matcher.ts'

/** What is used of `cap`, which has no types. */
interface Capture {
  open(device: string, filter: string, ringBytes: number, buffer: Uint8Array): string
  setMinBytes?(bytes: number): void
  send(frame: Uint8Array, length: number): void
  on(event: 'packet', listener: (length: number, isTruncated: boolean) => void): void
}

/** 64 frames: its ring has a slot of 64 KiB for each. */
const RING_BYTES = 4 << 20
/** Must live as long as the capture, which writes into it without keeping it from the garbage collector. */
const buffer: Uint8Array = Buffer.alloc(65_535)
let capture: Capture | undefined
let matcher: FrameMatcher = new FrameMatcher({ interfaces: [], arpAddresses: [], ndpAddresses: [] })

process.on('disconnect', () => process.exit(0))
process.on('message', (message: unknown) => {
  if (!isCapMessage(message)) return
  if (message.type === 'open') open(message.modulePath, message.device, message.filter)
  else if (message.type === 'send') send(message.frame)
  else if (message.type === 'interest') {
    matcher = new FrameMatcher({
      interfaces: [],
      arpAddresses: Array.from(message.arp, (value) => Ipv4Address.fromNumber(value)),
      ndpAddresses: message.ndp.map((bytes) => Ipv6Address.fromBytes(bytes))
    })
  }
})

function open(modulePath: string, device: string, filter: string): void {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- require() knows no types
    const cap: { readonly Cap: new () => Capture } = createRequire(import.meta.url)(modulePath)
    const opened = new cap.Cap()
    if (opened.open(device, filter, RING_BYTES, buffer) !== 'ETHERNET')
      throw new Error(`${device} is not an Ethernet interface`)
    opened.setMinBytes?.(0)
    opened.on('packet', (length) => {
      const frame = buffer.subarray(0, length)
      if (matcher.matchesAddress(frame)) tell({ type: 'frame', frame: frame.slice() })
    })
    capture = opened
    tell({ type: 'ready' })
  } catch (error) {
    // A second open() of the same object crashes: the process ends, and the parent decides when to try again.
    const message = error instanceof Error ? error.message : String(error)
    process.send?.({ type: 'failed', message } satisfies FromCapChild, () => process.exit(1))
  }
}

function send(frame: Uint8Array): void {
  try {
    // Before open() it would crash.
    if (capture === undefined) throw new Error('not open')
    capture.send(Buffer.from(frame), frame.length)
  } catch {
    tell({ type: 'notSent' })
  }
}

function tell(message: FromCapChild): void {
  process.send?.(message)
}
