import type { Link, LinkInterfacesChange } from '@clarion-lb/link'
import { Liveness, type LivenessClock, type LivenessTransport } from '@clarion-lb/liveness'
import { type DefaultGateway, readDefaultGateway } from './default-gateway.ts'
import { FramesCore } from './frames-core.ts'
import { GatewayProbe } from './gateway-probe.ts'
import { GatewayWatch } from './gateway-watch.ts'
import { LivenessRunner } from './liveness-runner.ts'
import type { LivenessSettings, PlaneCounts, PlaneEvent, PlaneIdentity, WantedChange } from './messages.ts'
import { Ownership } from './ownership.ts'

/** What the failure detector of a plane runs on. */
export interface LivenessMeans {
  readonly clock: LivenessClock
  /** @defaultValue UDP in this thread's event loop */
  readonly createTransport?: (port: number) => LivenessTransport
}

export interface PlaneCoreOptions extends PlaneIdentity {
  readonly link: Link
  /** Interfaces whose names it matches do not exist for us. */
  readonly exclude: RegExp | undefined
  readonly onEvent: (event: PlaneEvent) => void
  readonly means: LivenessMeans
  /** The failure detector told something: {@link PlaneCore.work} is to be called, but not from here. */
  readonly onLiveness?: () => void
  /** @defaultValue the kernel's */
  readonly readGateway?: () => DefaultGateway | undefined
}

/** Others follow from it, as the failure detector has them. */
const PERIOD_MS = 100

/**
 * All that is decided and answered where the frames are: who is alive, which addresses are this node's, who is answered.
 * No thread, no timer: the driver calls {@link PlaneCore.work} after everything that it hands in, and when it is time.
 */
export class PlaneCore {
  readonly #options: PlaneCoreOptions
  readonly #frames: FramesCore
  readonly #ownership: Ownership
  readonly #runner: LivenessRunner
  readonly #gateway: GatewayWatch
  #latenessMs = 0
  #isLeaving = false

  constructor(options: PlaneCoreOptions) {
    this.#options = options
    const { link, exclude, onEvent, node, takeBackMs, means } = options
    const now = (): number => means.clock.now()
    this.#frames = new FramesCore({
      link,
      exclude,
      onEvent,
      now,
      onClaim: (address) => this.#ownership.claimed(address, now()),
      isMuted: () => this.#runner.isMuted(now())
    })
    this.#ownership = new Ownership({
      node,
      takeBackMs,
      answerer: this.#frames,
      onChange: (change) => onEvent({ type: 'holdings', ...change })
    })
    const probe = new GatewayProbe({ link, readGateway: options.readGateway ?? readDefaultGateway })
    this.#gateway = new GatewayWatch({
      probe,
      takeBackMs,
      onListen: (isListening) => this.#frames.watch(isListening ? probe.address : undefined)
    })
    this.#runner = new LivenessRunner({
      node,
      now,
      onEvent,
      onTaken: options.onLiveness ?? (() => undefined),
      ownership: this.#ownership,
      gateway: this.#gateway,
      hasCarrier: (address) => this.#frames.hasCarrier(address),
      createLiveness: (settings) => this.#createLiveness(settings)
    })
  }

  /** After the link has started. */
  start(): void {
    this.#frames.start()
  }

  apply(change: WantedChange): void {
    this.#ownership.apply(change)
  }

  /** `undefined`: the lists of candidates have only nodes that are alive. */
  setLiveness(settings: LivenessSettings | undefined): void {
    this.#runner.set(settings)
  }

  /** To be called by the link. */
  onFrame(frame: Uint8Array, interfaceIndex: number): void {
    this.#gateway.onFrame(frame, this.#options.means.clock.now())
    this.#frames.onFrame(frame, interfaceIndex)
  }

  /** To be called by the link. */
  onInterfaces(change: LinkInterfacesChange): void {
    this.#frames.onInterfaces(change)
    this.#gateway.refresh()
  }

  /** The thread came back so much later than it had to. */
  wasLate(latenessMs: number): void {
    this.#latenessMs = Math.max(this.#latenessMs, latenessMs)
    this.#runner.wasLate(latenessMs)
  }

  /** This process ends: others take over while this goes on answering, until {@link PlaneCore.isDone}. */
  leave(): void {
    this.#isLeaving = true
    this.#runner.leave()
    this.#ownership.leave()
  }

  /** Whether nothing is answered for any more, and the farewell is said. */
  get isDone(): boolean {
    return this.#isLeaving && this.#ownership.held === 0 && (this.#runner.liveness?.port ?? 0) === 0
  }

  /** Does what there is to do. @returns milliseconds until there is more, or `undefined` */
  work(): number | undefined {
    const livenessDueMs = this.#runner.work()
    this.#ownership.work(this.#options.means.clock.now())
    const framesWaitMs = this.#frames.work()
    const nowMs = this.#options.means.clock.now()
    const dueMs = Math.min(
      livenessDueMs,
      this.#ownership.dueMs,
      nowMs + (framesWaitMs ?? Number.POSITIVE_INFINITY)
    )
    return Number.isFinite(dueMs) ? Math.max(0, dueMs - nowMs) : undefined
  }

  counts(): PlaneCounts {
    const counters = this.#runner.liveness?.counters
    const latenessMs = this.#latenessMs
    this.#latenessMs = 0
    return {
      addresses: this.#frames.counts(),
      liveness: counters === undefined ? undefined : { ...counters, latenessMs }
    }
  }

  #createLiveness({ port, patience, keys }: LivenessSettings): Liveness {
    const { node, means } = this.#options
    return new Liveness({
      id: node,
      keys,
      port,
      clock: means.clock,
      transport: means.createTransport?.(port),
      parameters: { periodMs: PERIOD_MS * patience, watchers: 2 }
    })
  }
}
