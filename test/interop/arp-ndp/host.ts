import type { Namespace, Outcome } from '../support/namespace.ts'

/** What the kernel knows of a neighbour. */
export interface Neighbour {
  readonly mac: string | undefined
  /** `REACHABLE`, `STALE`, `DELAY`, `PROBE`, `INCOMPLETE`, `FAILED`; `NONE` if it knows nothing. */
  readonly state: string
  readonly isRouter: boolean
}

/** For `expect.poll`: what a kernel has not done in this time it never does. */
export const PATIENCE = { timeout: 20_000, interval: 50 } as const

/** A host on the stage: the kernel's own stack, and the tools of an administrator. */
export class Host {
  readonly namespace: Namespace
  readonly number: number
  readonly mac: string

  constructor(namespace: Namespace, number: number) {
    this.namespace = namespace
    this.number = number
    this.mac = `02:00:00:00:00:0${number}`
  }

  /** Sends each a datagram, so that the kernel looks for their hardware addresses. */
  async talkTo(...addresses: readonly string[]): Promise<void> {
    const script = 'for address; do echo hello >"/dev/udp/$address/9"; done'
    await this.namespace.run('bash', '-c', script, 'talk', ...addresses)
  }

  /** Runs a command that may well fail. */
  async attempt(command: string): Promise<Outcome> {
    const [program = '', ...words] = command.split(' ')
    return this.namespace.attempt(program, ...words)
  }

  async sysctl(...settings: readonly string[]): Promise<void> {
    await this.namespace.run('sysctl', '-qw', ...settings)
  }

  async neighbour(address: string): Promise<Neighbour> {
    const printed = await this.namespace.ip(`-j neigh show to ${address} dev e0`)
    const entries: unknown = JSON.parse(printed.trim() || '[]')
    return toNeighbour(Array.isArray(entries) ? entries[0] : undefined)
  }

  async setNeighbourState(address: string, state: 'stale' | 'probe'): Promise<void> {
    await this.namespace.ip(`neigh change ${address} dev e0 nud ${state}`)
  }

  /** Multicast groups that the kernel has joined on an interface. */
  async groups(name = 'e0'): Promise<readonly string[]> {
    const printed = await this.namespace.ip(`-6 maddr show dev ${name}`)
    return [...printed.matchAll(/inet6 (\S+)/g)].map(([, group = '']) => group)
  }

  /** Frames that came in since the interface was made. */
  async framesIn(): Promise<number> {
    const lines = await this.namespace.run('cat', '/proc/net/dev')
    return Number(/^\s*e0:\s*\d+\s+(\d+)/m.exec(lines)?.[1])
  }
}

function toNeighbour(entry: unknown): Neighbour {
  if (typeof entry !== 'object' || entry === null) return { mac: undefined, state: 'NONE', isRouter: false }
  const mac = 'lladdr' in entry ? String(entry.lladdr) : undefined
  const state = 'state' in entry ? String(entry.state) : 'NONE'
  return { mac, state, isRouter: 'router' in entry }
}
