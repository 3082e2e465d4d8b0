import type { AddressCounts, PlaneEvent, WantedChange } from './messages.ts'

export interface PlaneHandlers {
  readonly onEvent: (event: PlaneEvent) => void
  /** It failed and starts again, with all that is wanted. */
  readonly onRestart: (error: Error) => void
}

/** Where frames are answered: another thread, or this one. */
export interface Plane {
  /** Resolves when it answers. @throws what the system refuses at the first start */
  start(): Promise<void>
  apply(change: WantedChange): void
  counts(): Promise<readonly AddressCounts[]>
  /** Announcements end. Idempotent. */
  stop(): Promise<void>
}
