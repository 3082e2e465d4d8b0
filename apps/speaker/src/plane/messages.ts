/** An address that this node answers for. Addresses cross threads as text. */
export interface WantedAddress {
  readonly address: string
  /** Names of interfaces; `undefined`: every one that is fit for it. */
  readonly interfaces: readonly string[] | undefined
}

/** Difference of what is wanted. `set` also changes the interfaces of an address that is there. */
export interface WantedChange {
  readonly set: readonly WantedAddress[]
  readonly remove: readonly string[]
}

/** For one address, since it is answered for. */
export interface AddressCounts {
  readonly address: string
  readonly requests: number
  readonly replies: number
  /** Frames of announcements. */
  readonly gratuitous: number
}

/** An interface of this node as far as announcements are concerned. */
export interface PlaneInterface {
  readonly name: string
  /** `undefined`: addresses are announced on it. Else why not. */
  readonly unfitBecause: string | undefined
}

/** What the frames thread tells. */
export type PlaneEvent =
  /** The interfaces that are not excluded by name; sent at the start and on every change. */
  | { readonly type: 'interfaces'; readonly interfaces: readonly PlaneInterface[] }
  | {
      readonly type: 'conflict'
      readonly address: string
      readonly interface: string
      readonly mac: string
      readonly kind: 'claim' | 'probe'
    }

/** To the frames thread. */
export type FramesRequest =
  | { readonly type: 'change'; readonly change: WantedChange }
  | { readonly type: 'counts'; readonly id: number }
  | { readonly type: 'stop' }

/** From the frames thread. */
export type FramesAnswer =
  | { readonly type: 'ready'; readonly wakeFd: number }
  | { readonly type: 'event'; readonly event: PlaneEvent }
  | { readonly type: 'counts'; readonly id: number; readonly counts: readonly AddressCounts[] }
  | { readonly type: 'stopped' }

/** What comes from another thread has no type. */
export function isFramesRequest(message: unknown): message is FramesRequest {
  return typeof message === 'object' && message !== null && 'type' in message
}

/** What comes from another thread has no type. */
export function isFramesAnswer(message: unknown): message is FramesAnswer {
  return typeof message === 'object' && message !== null && 'type' in message
}
