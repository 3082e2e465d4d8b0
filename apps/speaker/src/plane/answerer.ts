import type { WantedAddress } from './messages.ts'

/** Who answers and announces. */
export interface Answerer {
  apply(change: AnswererChange): void
  /** Addresses that are held are announced again: others may believe in somebody else. */
  announce(addresses: readonly string[]): void
  /** Whether anybody can be reached by an address that is held. */
  isAble(address: string): boolean
  /** Who else has addresses that are held is asked: whoever answers claims them. */
  ask(addresses: readonly string[]): void
}

export type AnsweredAddress = Pick<WantedAddress, 'address' | 'interfaces'>

export interface AnswererChange {
  readonly set: readonly AnsweredAddress[]
  readonly remove: readonly string[]
}
