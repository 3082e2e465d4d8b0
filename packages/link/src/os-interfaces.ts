import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { MacAddress, tryParseIpAddress } from '@clarion-lb/netaddr'
import { diffInterfaces } from './interface-table.ts'
import type { LinkAddress, LinkInterface, LinkInterfacesChange } from './link.ts'

type NetworkInterfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/**
 * The interfaces as Node lists them, for systems without rtnetlink: those that are up and have an address. There are no events;
 * {@link OsInterfaces.read} compares with the last time. MTU, carrier and masters are not known.
 */
export class OsInterfaces {
  readonly #list: () => NetworkInterfaces
  readonly #indexes: Map<string, number> = new Map()
  #interfaces: ReadonlyMap<number, LinkInterface> = new Map()
  #texts: ReadonlyMap<number, string> = new Map()

  constructor(list: () => NetworkInterfaces = networkInterfaces) {
    this.#list = list
  }

  get interfaces(): ReadonlyMap<number, LinkInterface> {
    return this.#interfaces
  }

  read(): LinkInterfacesChange | undefined {
    const after = new Map<number, LinkInterface>()
    const texts = new Map<number, string>()
    for (const [name, entries = []] of Object.entries(this.#list())) {
      const index = this.#indexOf(name)
      const text = JSON.stringify(entries)
      const known = this.#texts.get(index) === text ? this.#interfaces.get(index) : undefined
      after.set(index, known ?? toLinkInterface(index, name, entries))
      texts.set(index, text)
    }
    const change = diffInterfaces(this.#interfaces, after)
    this.#interfaces = after
    this.#texts = texts
    return change
  }

  /** Numbers of our own: Node tells the system's only for some. A name keeps its number; names are few. */
  #indexOf(name: string): number {
    const index = this.#indexes.get(name) ?? this.#indexes.size + 1
    this.#indexes.set(name, index)
    return index
  }
}

function toLinkInterface(
  index: number,
  name: string,
  entries: readonly NetworkInterfaceInfo[]
): LinkInterface {
  const isLoopback = entries.some(({ internal }) => internal)
  const mac = entries.find((entry) => entry.mac !== '00:00:00:00:00:00')?.mac
  return {
    index,
    name,
    mac: mac === undefined ? undefined : MacAddress.parse(mac),
    mtu: 1500,
    isUp: true,
    hasCarrier: true,
    isLoopback,
    isBroadcast: !isLoopback,
    isNoArp: isLoopback,
    masterIndex: undefined,
    addresses: entries.flatMap(toLinkAddress)
  }
}

function toLinkAddress({ address, cidr }: NetworkInterfaceInfo): LinkAddress[] {
  const parsed = tryParseIpAddress(address.replace(/%.*$/, ''))
  const prefixLength = Number(cidr?.split('/')[1])
  return parsed === undefined || !Number.isInteger(prefixLength) ? [] : [{ address: parsed, prefixLength }]
}
