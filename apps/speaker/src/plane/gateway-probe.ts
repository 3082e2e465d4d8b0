import type { Link, LinkInterface } from '@clarion-lb/link'
import { decodeNeighborMessage } from '@clarion-lb/ndp'
import type { IpAddress, Ipv6Address } from '@clarion-lb/netaddr'
import { ETHER_TYPE, ETHERNET_HEADER_LENGTH, etherTypeOf } from '@clarion-lb/wire'
import type { DefaultGateway } from './default-gateway.ts'
import { questionOf } from './neighbor-question.ts'

export interface GatewayProbeOptions {
  readonly link: Pick<Link, 'interfaces' | 'send'>
  readonly readGateway: () => DefaultGateway | undefined
}

const SENDER_IP = ETHERNET_HEADER_LENGTH + 14

/** Asks the default gateway for its hardware address, as its neighbours do: whether it answers, not what. */
export class GatewayProbe {
  readonly #options: GatewayProbeOptions
  #gateway: DefaultGateway | undefined

  constructor(options: GatewayProbeOptions) {
    this.#options = options
  }

  /** Looks the gateway up again. Returns whether it is another one. */
  refresh(): boolean {
    const before = this.#gateway
    const found = this.#options.readGateway()
    this.#gateway = found !== undefined && this.#linkTo(found) !== undefined ? found : undefined
    return before?.interface !== this.#gateway?.interface || !isSame(before?.address, this.#gateway?.address)
  }

  /** `undefined`: there is none that can be asked. */
  get address(): IpAddress | undefined {
    return this.#gateway?.address
  }

  send(): void {
    const gateway = this.#gateway
    if (gateway === undefined) return
    const link = this.#linkTo(gateway)
    const frame = link === undefined ? undefined : questionOf(gateway.address, link)
    if (link !== undefined && frame !== undefined) this.#options.link.send(link.index, frame)
  }

  /** Whether the frame is from the gateway itself. */
  isAnswer(frame: Uint8Array): boolean {
    const address = this.#gateway?.address
    if (address === undefined) return false
    if (address.family === 6) return isAdvertisementOf(frame, address)
    if (etherTypeOf(frame) !== ETHER_TYPE.ARP || frame.length < SENDER_IP + 4) return false
    return address.toBytes().every((octet, i) => frame[SENDER_IP + i] === octet)
  }

  /** One that cannot resolve addresses has nobody to ask. */
  #linkTo(gateway: DefaultGateway): LinkInterface | undefined {
    for (const link of this.#options.link.interfaces().values())
      if (link.name === gateway.interface && link.mac !== undefined && !link.isNoArp) return link
    return undefined
  }
}

function isAdvertisementOf(frame: Uint8Array, address: Ipv6Address): boolean {
  try {
    const message = decodeNeighborMessage(frame)
    return message.type === 'advertisement' && message.target.equals(address)
  } catch {
    return false
  }
}

function isSame(a: IpAddress | undefined, b: IpAddress | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b)
}
