import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Segment } from '../segment/segment.ts'
import { run } from '../shell.ts'
import type { AddressReport, AddressState } from './stream-report.ts'

const SOURCE = join(import.meta.dirname, '..', '..', 'programs', 'udp-stream.c')
/** The client's port, and that of every address; node N answers from this port + N. */
export const STREAM_PORT = 7000
const ANSWER_TIMEOUT_MS = 10_000
/** What was sent so lately is left to the next report. */
export const STREAM_LINGER_MS = 300

/** Compiles the sender into a directory; returns the program. */
export async function compileStream(directory: string): Promise<string> {
  const program = join(directory, 'udp-stream')
  await run('gcc', ['-O2', '-pthread', '-o', program, SOURCE])
  return program
}

/** A host that sends back what comes to it. */
export interface ReflectingHost {
  readonly name: string
  /** That it answers with, 1–255. */
  readonly number: number
}

/**
 * Has a host send back what a client sends to {@link STREAM_PORT} of any address: what a pod on each node would do, without
 * a way over other nodes. It is done where frames come in, since a socket on each host would cost most of the machine.
 */
export async function reflectStream(
  segment: Segment,
  { name, number }: ReflectingHost,
  client: string
): Promise<void> {
  const own = await segment.linkLayerAddressOf(name)
  const rules = `table netdev clarion-stream {
  chain ingress {
    type filter hook ingress device eth0 priority 0;
    meta pkttype host ip saddr ${client} udp dport ${STREAM_PORT} udp sport set ${STREAM_PORT + number} \
      ip saddr set ip daddr ip daddr set ${client} \
      ether daddr set ether saddr ether saddr set ${own} fwd to eth0
  }
}
`
  await segment.execute(name, 'nft', ['-f', '-'], rules)
}

export interface UdpStreamOptions {
  readonly program: string
  readonly prefix: readonly string[]
  readonly addresses: readonly string[]
  /** Packets a second to each address. */
  readonly rate: number
}

export interface StreamState {
  /** On the clock of all reports, milliseconds. */
  readonly nowMs: number
  readonly addresses: readonly AddressState[]
}

/**
 * A stream of numbered packets to many addresses, and what became of them. What the program says is of the same build: its
 * shape is not checked again.
 */
export class UdpStream {
  readonly #options: UdpStreamOptions
  #child: ChildProcess | undefined
  readonly #waiting: ((line: string) => void)[] = []

  constructor(options: UdpStreamOptions) {
    this.#options = options
  }

  start(): void {
    const { program, prefix, addresses, rate } = this.#options
    const [enter = 'env', ...words] = prefix
    const args = [...words, program, String(STREAM_PORT), String(rate), ...addresses]
    const child = spawn(enter, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
    child.stdin.on('error', () => undefined)
    createInterface({ input: child.stdout }).on('line', (line) => this.#waiting.shift()?.(line))
    this.#child = child
  }

  /** Who answered last, by address. */
  async state(): Promise<StreamState> {
    return JSON.parse(await this.#ask('state')) as StreamState
  }

  /** What became of all packets since the last report, but for those of the last {@link STREAM_LINGER_MS}. */
  async report(): Promise<readonly AddressReport[]> {
    return (JSON.parse(await this.#ask('report')) as { addresses: AddressReport[] }).addresses
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async #ask(command: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    this.#waiting.push(resolve)
    const timer = setTimeout(() => reject(new Error(`no ${command} of the stream`)), ANSWER_TIMEOUT_MS)
    this.#child?.stdin?.write(`${command}\n`)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }
}
