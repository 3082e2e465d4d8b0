import type { LinkCounters, SendResult } from './link.ts'

/** The counters behind {@link LinkCounters}, of whichever backend. */
export class LinkStatistics {
  received = 0
  unwanted = 0
  lost = 0
  sent = 0
  receiveErrors = 0
  interfaceOverruns = 0
  restarts = 0
  readonly #notSent: Record<Exclude<SendResult, 'sent'>, number> = {
    'interface-down': 0,
    'interface-gone': 0,
    'queue-full': 0,
    refused: 0,
    stopped: 0
  }

  countSend(result: SendResult): SendResult {
    if (result === 'sent') this.sent += 1
    else this.#notSent[result] += 1
    return result
  }

  snapshot(): LinkCounters {
    const { received, unwanted, lost, sent, receiveErrors, interfaceOverruns, restarts } = this
    const notSent = { ...this.#notSent }
    return { received, unwanted, lost, sent, notSent, receiveErrors, interfaceOverruns, restarts }
  }
}
