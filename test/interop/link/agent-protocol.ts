/** What a test tells its agent. Addresses as text, bytes as they are. */
export type ToAgent =
  | {
      readonly type: 'interest'
      readonly names: readonly string[]
      readonly arp: readonly string[]
      readonly ndp: readonly string[]
    }
  | { readonly type: 'changeInterest'; readonly add: readonly string[]; readonly remove: readonly string[] }
  | { readonly type: 'send'; readonly name: string; readonly frames: readonly Uint8Array[] }
  | {
      readonly type: 'groups'
      readonly name: string
      readonly join: boolean
      readonly groups: readonly string[]
    }
  | { readonly type: 'counters' }
  /** Has every task before it done. */
  | { readonly type: 'sync' }

export interface AgentInterface {
  readonly index: number
  readonly name: string
  readonly mac: string
  readonly isUp: boolean
  readonly hasCarrier: boolean
  readonly addresses: readonly string[]
}

/** What an agent tells its test. */
export type FromAgent =
  | { readonly type: 'started'; readonly interfaces: readonly AgentInterface[] }
  | { readonly type: 'frame'; readonly frame: Uint8Array; readonly interfaceIndex: number }
  | {
      readonly type: 'interfaces'
      readonly added: readonly string[]
      readonly changed: readonly string[]
      readonly removed: readonly string[]
      readonly interfaces: readonly AgentInterface[]
    }
  | { readonly type: 'sent'; readonly results: readonly string[] }
  | {
      readonly type: 'counters'
      readonly received: number
      readonly unwanted: number
      readonly lost: number
      readonly receiveErrors: number
      readonly restarts: number
      readonly processIds: readonly number[]
    }
  | { readonly type: 'fault'; readonly message: string }
  | { readonly type: 'synced' }
