import { BfdOptionsError, type BfdParameterOptions, type BfdSession, type BfdSpeaker } from '@clarion-lb/bfd'
import type { BgpPeer } from '@clarion-lb/bgp'
import type { PeerCounts, PeerState, WantedBfd } from './sessions-messages.ts'

export interface PeerBfdOptions {
  readonly speaker: BfdSpeaker
  readonly peer: BgpPeer
  /** It was up, and the peer cannot be reached any more. */
  readonly onDown: () => void
  readonly onChange: () => void
}

/** Those of FRR, and so of a BFDProfile that says nothing. */
const DEFAULT_PARAMETERS = { receiveIntervalMs: 300, transmitIntervalMs: 300, detectMultiplier: 3 } as const

/** After a session could not be opened. */
const RETRY_MS = 5000

/** The BFD session beside a BGP peer, wherever that is found. */
export class PeerBfd {
  readonly #options: PeerBfdOptions
  #wanted: WantedBfd | undefined
  #isMultihop = false
  #session: BfdSession | undefined
  /** What the session was made for. */
  #path = ''
  #problem: string | undefined
  #retry: NodeJS.Timeout | undefined
  readonly #onEstablished = (): void => {
    // An interface that was made anew is another one: what is bound to the old one hears nothing.
    const isBound =
      this.#options.peer.endpoint?.zone !== undefined || this.#options.peer.options.device !== undefined
    if (isBound && this.#session?.state === 'down') this.#path = ''
    this.#sync()
  }

  constructor(options: PeerBfdOptions) {
    this.#options = options
    // An unnumbered peer has its address only now.
    options.peer.on('established', this.#onEstablished)
  }

  get state(): PeerState['bfd'] {
    return this.#wanted === undefined ? undefined : (this.#session?.state ?? 'down')
  }

  get problem(): string | undefined {
    return this.#problem
  }

  get counters(): PeerCounts['bfdCounters'] {
    return this.#session?.counters
  }

  /** Changes of parameters alone end no session. */
  update(wanted: WantedBfd | undefined, isMultihop: boolean): void {
    this.#wanted = wanted
    this.#isMultihop = isMultihop
    this.#sync()
  }

  stop(): void {
    this.#options.peer.off('established', this.#onEstablished)
    this.#wanted = undefined
    this.#sync()
  }

  #sync(): void {
    clearTimeout(this.#retry)
    const { speaker, peer } = this.#options
    const { endpoint } = peer
    const wanted = this.#wanted
    const path =
      wanted === undefined || endpoint === undefined
        ? ''
        : [
            endpoint.address.toString(),
            endpoint.zone,
            peer.options.localAddress?.toString(),
            peer.options.device,
            this.#isMultihop,
            this.#isMultihop ? wanted.minimumTtl : ''
          ].join()
    if (path !== this.#path && this.#session !== undefined) {
      speaker.remove(this.#session)
      this.#session = undefined
    }
    this.#path = path
    this.#problem = undefined
    if (wanted === undefined || endpoint === undefined) return
    const { minimumTtl } = wanted
    // What is not given would stay as it was in a session that is changed.
    const parameters = { ...DEFAULT_PARAMETERS, ...given(wanted) }
    try {
      if (this.#session !== undefined) {
        speaker.update(this.#session, parameters)
        return
      }
      this.#session = speaker.add({
        ...parameters,
        remoteAddress: endpoint.address,
        localAddress: peer.options.localAddress,
        interface: endpoint.zone ?? peer.options.device,
        ...(this.#isMultihop ? { hops: 'multi', minimumTtl } : {})
      })
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const isOfProfile = error instanceof BfdOptionsError
      this.#problem = isOfProfile
        ? `BFD profile ${wanted.profile}: ${error.message}`
        : `no BFD: ${error.message}`
      // E.g. the port is another process's, which may be about to end.
      if (!isOfProfile) this.#retry = setTimeout(() => this.#tryAgain(), RETRY_MS)
      return
    }
    this.#session.on('stateChange', () => this.#options.onChange())
    // What a peer or we wish for is no failure (RFC 5882 §3.2).
    this.#session.on('down', ({ reason }) => {
      if (reason === 'detectionTimeExpired' || reason === 'remoteDown') this.#options.onDown()
    })
  }

  #tryAgain(): void {
    this.#sync()
    this.#options.onChange()
  }
}

function given({
  profile: _profile,
  minimumTtl: _minimumTtl,
  ...parameters
}: WantedBfd): BfdParameterOptions {
  return parameters
}
