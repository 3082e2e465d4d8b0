import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { isCapMessage, type ToCapChild } from './cap-messages.ts'
import type { LinkInterest, LinkInterface, SendResult } from './link.ts'

export interface CapCaptureOptions {
  readonly interface: LinkInterface
  /** File to load `cap` from. */
  readonly modulePath: string
  readonly interest: LinkInterest
  readonly onFrame: (frame: Uint8Array) => void
  readonly onNotSent: () => void
  /** It has to be started once more: how often it was is a count worth watching. */
  readonly onRestart: () => void
  /** Why the last child ended, in words for a log. */
  readonly onFault: (message: string) => void
}

const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 5000
/** A child that captured for so long was healthy: the next one may start soon. */
const HEALTHY_MS = 10_000
/** Frames on their way to the child; above that the child does not keep up. */
const MAX_PENDING_SENDS = 1024
const KEPT_ERROR_CHARACTERS = 500

/** Keeps one child process capturing on one interface: starts it while the interface is up, again when it ends. */
export class CapCapture {
  readonly #options: CapCaptureOptions
  #interface: LinkInterface
  #interest: LinkInterest
  #child: ChildProcess | undefined
  #isReady = false
  #readySince = 0
  #delayMs = FIRST_DELAY_MS
  #timer: NodeJS.Timeout | undefined
  #pendingSends = 0
  #isStopped = false

  constructor(options: CapCaptureOptions) {
    this.#options = options
    this.#interface = options.interface
    this.#interest = options.interest
  }

  start(): void {
    this.#startChild()
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** The interface has changed. Its coming up starts a child at once; its going down ends the child by itself. */
  update(now: LinkInterface): void {
    const before = this.#interface
    this.#interface = now
    // The filter names the MAC.
    const isOtherMac = before.mac?.toString() !== now.mac?.toString()
    if (isOtherMac) this.#child?.kill('SIGKILL')
    if (!before.isUp && now.isUp) {
      this.#delayMs = FIRST_DELAY_MS
      this.#startChild()
    }
  }

  setInterest(interest: LinkInterest): void {
    this.#interest = interest
    this.#tellInterest()
  }

  send(frame: Uint8Array): SendResult {
    if (!this.#interface.isUp || !this.#isReady) return 'interface-down'
    if (this.#pendingSends >= MAX_PENDING_SENDS) return 'queue-full'
    this.#pendingSends += 1
    this.#tell({ type: 'send', frame: frame.slice() }, () => {
      this.#pendingSends -= 1
    })
    return 'sent'
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#child?.kill('SIGKILL')
  }

  #startChild(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isStopped || this.#child !== undefined || !this.#interface.isUp) return
    const child = fork(childScript(), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    })
    this.#child = child
    this.#pendingSends = 0
    let lastWords = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-KEPT_ERROR_CHARACTERS)
    })
    child.on('message', (message: unknown) => this.#onMessage(message))
    child.on('error', (error) => {
      lastWords ||= error.message
    })
    // 'close' comes also for a child that could not be spawned, and after its last words.
    child.on('close', (status, signal) => {
      this.#onEnd(`${signal ?? `status ${status}`}${lastWords === '' ? '' : `: ${lastWords.trim()}`}`)
    })
    this.#tell({
      type: 'open',
      modulePath: this.#options.modulePath,
      device: this.#interface.name,
      filter: filterFor(this.#interface)
    })
    this.#tellInterest()
  }

  #onMessage(message: unknown): void {
    if (this.#isStopped || !isCapMessage(message)) return
    if (message.type === 'frame') this.#options.onFrame(message.frame)
    else if (message.type === 'notSent') this.#options.onNotSent()
    else if (message.type === 'failed') this.#options.onFault(message.message)
    else if (message.type === 'ready') {
      this.#isReady = true
      this.#readySince = performance.now()
    }
  }

  #onEnd(why: string): void {
    const wasHealthy = this.#isReady && performance.now() - this.#readySince >= HEALTHY_MS
    this.#child = undefined
    this.#isReady = false
    if (this.#isStopped) return
    this.#options.onFault(`the capture on ${this.#interface.name} ended with ${why}`)
    this.#options.onRestart()
    if (wasHealthy) this.#delayMs = FIRST_DELAY_MS
    // While the interface is down nothing can be opened; update() goes on when it is up.
    this.#timer = setTimeout(() => this.#startChild(), this.#delayMs)
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS)
  }

  #tellInterest(): void {
    const { arpAddresses, ndpAddresses } = this.#interest
    const arp = Uint32Array.from(arpAddresses, (address) => address.toNumber())
    this.#tell({ type: 'interest', arp, ndp: Array.from(ndpAddresses, (address) => address.toBytes()) })
  }

  #tell(message: ToCapChild, onTold: () => void = () => undefined): void {
    // A channel that is closed belongs to a child that is about to end.
    if (this.#child?.connected === true) this.#child.send(message, onTold)
    else onTold()
  }
}

/** What libpcap can tell apart by itself. It listens promiscuously, and would hear our own frames. */
export function filterFor({ mac }: LinkInterface): string {
  const kinds = '(arp or (icmp6 and (ip6[40] == 135 or ip6[40] == 136)))'
  const own = mac?.toString()
  return own === undefined
    ? kinds
    : `${kinds} and not ether src ${own} and (ether multicast or ether dst ${own})`
}

/** Beside this file, as source or as built. */
function childScript(): string {
  const isSource = import.meta.url.endsWith('.ts')
  return fileURLToPath(
    isSource ? new URL('./cap-child.ts', import.meta.url) : new URL('./cap-child.js', import.meta.url)
  )
}
