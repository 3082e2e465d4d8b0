/** The daemons that can be the router. `clarion`: a small program of the lab, by the packages `bgp` and `bfd`. */
export type RouterKind = 'bird' | 'frr' | 'clarion'

/** A node as the router has to know it. */
export interface RouterPeer {
  /** Unique, of letters, digits and `_`. */
  readonly name: string
  /** Address of the node. */
  readonly address: string
  /** Address of the router. */
  readonly localAddress: string
  readonly asn: number
  readonly bfd?: { readonly intervalMs: number; readonly multiplier: number } | undefined
  /** TCP MD5 (RFC 2385). */
  readonly password?: string | undefined
}

export interface RouterConfig {
  readonly asn: number
  readonly routerId: string
  readonly peers: readonly RouterPeer[]
}

export interface RouterSession {
  /** Address of the node. */
  readonly address: string
  /** Milliseconds since the epoch; `undefined`: it is not established. */
  readonly establishedAtMs: number | undefined
}

/** What runs in the router's namespace: it accepts sessions, and puts what it is told into the kernel's table. */
export interface Router {
  readonly kind: RouterKind
  /** Resolves when it takes connections, with its name and version. @throws if it cannot run here */
  start(config: RouterConfig): Promise<string>
  sessions(): Promise<readonly RouterSession[]>
  stop(): Promise<void>
}

/** What a router needs of the place that it runs in. */
export interface RouterPlace {
  /** Words that enter its namespace. */
  readonly prefix: readonly string[]
  /** For its files and its log. */
  readonly directory: string
}
