import { NetlinkDecodeError, NetlinkSocket } from '@clarion-lb/linux-net'
import { diffInterfaces, InterfaceTable } from './interface-table.ts'
import type { LinkInterface, LinkInterfacesChange } from './link.ts'

/** Reads in one round; a flood of notifications must not keep frames waiting. */
const MAX_READS = 64

/** The interfaces of this system, by rtnetlink events; the list is read again only when the kernel says that it lost some. */
export class NetlinkInterfaces {
  readonly #table: InterfaceTable = new InterfaceTable()
  #socket: NetlinkSocket | undefined
  #overruns = 0

  /** @throws LinuxNetError, UnsupportedSystemError of linux-net */
  start(): void {
    // Subscribed before the list is read: what happens in between is told, and applied to the list.
    this.#socket = NetlinkSocket.open('links-and-addresses')
    this.#table.replace(dump())
  }

  get interfaces(): ReadonlyMap<number, LinkInterface> {
    return this.#table.interfaces
  }

  get overruns(): number {
    return this.#overruns
  }

  /** −1 unless started. */
  get fd(): number {
    return this.#socket?.fd ?? -1
  }

  /** Reads what is there without waiting. Returns what became different in all. */
  read(): LinkInterfacesChange | undefined {
    if (this.#socket === undefined) return undefined
    const before = this.#table.interfaces
    let isOverrun = false
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      const read = this.#readOnce(this.#socket)
      if (read === 'empty') break
      if (read === 'overrun') isOverrun = true
    }
    if (isOverrun) {
      // The queue is empty now, or tells only what is newer than what was lost.
      this.#overruns += 1
      this.#table.replace(dump())
    }
    return changeBetween(before, this.#table)
  }

  stop(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  #readOnce(socket: NetlinkSocket): 'empty' | 'overrun' | 'read' {
    try {
      const read = socket.read()
      if (read.type !== 'messages') return read.type
      this.#table.apply(read.messages)
      return read.messages.some(({ type }) => type === 'overrun') ? 'overrun' : 'read'
    } catch (error) {
      // A message that cannot be understood is one that was not heard.
      if (error instanceof NetlinkDecodeError) return 'overrun'
      throw error
    }
  }
}

function changeBetween(
  before: ReadonlyMap<number, LinkInterface>,
  table: InterfaceTable
): LinkInterfacesChange | undefined {
  return before === table.interfaces ? undefined : diffInterfaces(before, table.interfaces)
}

function dump(): ReturnType<NetlinkSocket['dump']> {
  const socket = NetlinkSocket.open('none')
  try {
    return socket.dump()
  } finally {
    socket.close()
  }
}
