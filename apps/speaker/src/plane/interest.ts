import type { Link } from '@clarion-lb/link'
import type { IpAddress } from '@clarion-lb/netaddr'

/** Has the kernel's filter follow what is wanted, so that no other frame wakes us. */
export class Interest {
  readonly #isWanted: (text: string) => boolean
  /** Wanted to be heard of, but not to be answered for. */
  #watched: IpAddress | undefined
  /** What became wanted or unwanted since the link was told; `undefined`: it is to be told all. */
  #changes: Map<string, IpAddress> | undefined

  /** @param isWanted whether an address is answered for */
  constructor(isWanted: (text: string) => boolean) {
    this.#isWanted = isWanted
  }

  /** The address came to be answered for, or is not any more. */
  note(address: IpAddress): void {
    this.#changes?.set(address.toString(), address)
  }

  watch(address: IpAddress | undefined): void {
    for (const one of [this.#watched, address]) if (one !== undefined) this.note(one)
    this.#watched = address
  }

  /** The link is to be told all: its interfaces are others. */
  forget(): void {
    this.#changes = undefined
  }

  declare(
    link: Pick<Link, 'setInterest' | 'changeInterest'>,
    interfaces: Iterable<number>,
    wanted: Iterable<{ readonly address: IpAddress }>
  ): void {
    const changes = this.#changes
    this.#changes = new Map()
    if (changes === undefined) {
      const addresses = Array.from(wanted, ({ address }) => address)
      if (this.#watched !== undefined) addresses.push(this.#watched)
      link.setInterest({
        interfaces,
        arpAddresses: addresses.filter((address) => address.family === 4),
        ndpAddresses: addresses.filter((address) => address.family === 6)
      })
      return
    }
    if (changes.size === 0) return
    const watched = this.#watched?.toString()
    const [add, remove] = [true, false].map((isWanted) =>
      [...changes]
        .filter(([text]) => (this.#isWanted(text) || text === watched) === isWanted)
        .map(([, address]) => address)
    )
    link.changeInterest({ add: add ?? [], remove: remove ?? [] })
  }
}
