/** What a segment delivers frames to. */
export interface SegmentPort {
  /** The cable is in. */
  isConnected(): boolean
  deliver(frame: Uint8Array): void
}

export interface MemorySegmentOptions {
  /**
   * `'microtask'` (default): frames arrive soon after the sender has returned. `'manual'`: they wait for
   * {@link MemorySegment.deliver}.
   */
  readonly delivery?: 'microtask' | 'manual'
}

/** Frames waiting for delivery; a storm between two handlers loses the rest, as a switch would. */
const MAX_QUEUE = 4096

/**
 * An Ethernet segment in memory, like a hub: every port gets a copy of each frame, in the order of sending and, for one frame,
 * in the order of attachment. Nothing is random and no clock is read.
 */
export class MemorySegment {
  readonly #delivery: 'microtask' | 'manual'
  readonly #ports: Set<SegmentPort> = new Set()
  readonly #queue: { readonly from: SegmentPort; readonly frame: Uint8Array }[] = []
  #isScheduled = false
  #lost = 0

  constructor({ delivery = 'microtask' }: MemorySegmentOptions = {}) {
    this.#delivery = delivery
  }

  /** Frames that were lost because too many were waiting. */
  get lost(): number {
    return this.#lost
  }

  attach(port: SegmentPort): void {
    this.#ports.add(port)
  }

  detach(port: SegmentPort): void {
    this.#ports.delete(port)
  }

  /** Takes a copy of the frame. Returns whether there was room for it. */
  transmit(from: SegmentPort, frame: Uint8Array): boolean {
    if (this.#queue.length >= MAX_QUEUE) {
      this.#lost += 1
      return false
    }
    this.#queue.push({ from, frame: frame.slice() })
    if (this.#delivery === 'microtask') this.#schedule()
    return true
  }

  /**
   * Delivers what is waiting, and what is sent in answer to it, until it is quiet.
   *
   * @param limit frames after which it stops although it is not quiet. Default 100,000
   * @returns how many were delivered
   */
  deliver(limit = 100_000): number {
    let delivered = 0
    while (this.#queue.length > 0 && delivered < limit) delivered += this.#deliverRound(limit - delivered)
    return delivered
  }

  /** One round: answers go to the next, so that two ports that answer each other for ever do not hold the thread. */
  #deliverRound(limit: number): number {
    const round = this.#queue.splice(0, limit)
    for (const { from, frame } of round) {
      // A cable pulled after sending has lost the frame.
      if (!from.isConnected()) continue
      for (const port of this.#ports) if (port !== from && port.isConnected()) port.deliver(frame)
    }
    return round.length
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#deliverRound(MAX_QUEUE)
      if (this.#queue.length > 0) setImmediate(() => this.#schedule())
    })
  }
}
