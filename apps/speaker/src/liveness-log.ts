import type { LivenessEvent } from '@clarion-lb/liveness'
import type { Logger } from 'pino'
import type { PlaneEvent } from './plane/messages.ts'

/** Tells who was declared dead, by whom and why, and what this node makes of itself. */
export class LivenessLog {
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  tell(event: PlaneEvent): void {
    if (event.type === 'liveness') this.#tellLiveness(event.event)
    if (event.type === 'carrier' && event.unpluggedLifeMs !== undefined)
      this.#log.warn('the cable is out: this node is silent')
    else if (event.type === 'carrier') this.#log.info('the cable is in again')
    if (event.type !== 'seclusion') return
    const { seclusion } = event
    if (seclusion === 'cutOff')
      this.#log.warn('neither another node nor the gateway answers: this node is cut off, and is silent')
    else if (seclusion === 'alone')
      this.#log.warn('no other node answers, and this one is not cut off: it answers for all')
    else this.#log.debug({ seclusion }, 'seclusion')
  }

  #tellLiveness(event: LivenessEvent): void {
    switch (event.type) {
      case 'dead': {
        const { id, ...facts } = event.detail
        // One that was never heard has no speaker, mostly.
        if (facts.reason === 'neverHeard') this.#log.info({ node: id, ...facts }, 'no speaker was heard')
        else this.#log.warn({ node: id, ...facts }, 'node declared dead')
        return
      }
      case 'judged': {
        const { by, accusers, reason, isMutual } = event.detail
        this.#log.warn({ by, accusers, reason, isMutual }, 'this node was declared dead')
        return
      }
      case 'alive':
        this.#log.info({ node: event.detail.id, reason: event.detail.reason }, 'node alive')
        return
      case 'left':
        this.#log.info({ node: event.detail.id }, 'node left')
        return
      case 'isolated':
        this.#log.warn(event.detail, 'no other node answers')
        return
      case 'connected':
        this.#log.info({ node: event.detail.id }, 'other nodes answer again')
        return
      case 'suspected':
      case 'refuted':
        this.#log.debug({ ...event.detail }, `node ${event.type}`)
    }
  }
}
