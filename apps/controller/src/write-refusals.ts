import { type EventRecorder, hasStatus, type V1Service } from '@clarion-lb/k8s-watch'
import { describeError } from '@clarion-lb/runtime'

/** How many Services are remembered as told. */
const MAX_TOLD = 10_000

/**
 * Tells the owners of Services that a right is missing. Other failures of writes come and go; this one lasts until
 * somebody gives the right, and whoever waits for an address looks at the events of the Service.
 */
export class WriteRefusals {
  readonly #recorder: Pick<EventRecorder, 'record'>
  /** Last words by UID: retries say nothing new. */
  readonly #told = new Map<string, string>()

  constructor(recorder: Pick<EventRecorder, 'record'>) {
    this.#recorder = recorder
  }

  tell(service: V1Service | undefined, error: unknown): void {
    const uid = service?.metadata?.uid
    if (service === undefined || uid === undefined || !hasStatus(error, 403)) return
    const text = `cannot write the status: ${describeError(error)}`
    if (this.#told.get(uid) === text) return
    if (this.#told.size >= MAX_TOLD) this.#told.clear()
    this.#told.set(uid, text)
    this.#recorder.record(service, 'Warning', 'statusNotWritten', text)
  }
}
