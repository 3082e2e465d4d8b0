import type { LivenessSettings, PlaneCounts, PlaneEvent, WantedChange } from './messages.ts'

export interface PlaneHandlers {
  readonly onEvent: (event: PlaneEvent) => void
  /** It failed and starts again, with all that is wanted; nothing is held until it tells. */
  readonly onRestart: (error: Error) => void
}

/** Where frames are answered: another thread, or this one. */
export interface Plane {
  /** Resolves when it answers. @throws what the system refuses at the first start */
  start(): Promise<void>
  apply(change: WantedChange): void
  /** How it finds out who is alive; `undefined`: the lists of candidates have only nodes that are. */
  setLiveness(settings: LivenessSettings | undefined): void
  counts(): Promise<PlaneCounts>
  /** Others take over, as far as they are known, then announcements and answers end. Idempotent. */
  stop(): Promise<void>
}
