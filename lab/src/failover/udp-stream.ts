import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ForeignProcess } from '../foreign-process.ts'
import { run } from '../shell.ts'
import type { AddressReport, AddressState } from './stream-report.ts'

const SOURCE = join(import.meta.dirname, '..', '..', 'programs', 'udp-stream.c')
/** Datagrams to this port of any address are sent back by the node that they come to. */
export const STREAM_PORT = 7000
const ECHO_PORT = 7001
const ANSWER_TIMEOUT_MS = 10_000
/** What was sent so lately is left to the next report. */
export const STREAM_LINGER_MS = 300

/** Compiles the sender and the echo into a directory; returns the program. */
export async function compileStream(directory: string): Promise<string> {
  const program = join(directory, 'udp-stream')
  await run('gcc', ['-O2', '-pthread', '-o', program, SOURCE])
  return program
}

export interface EchoOptions {
  readonly program: string
  /** Words that enter the namespace of the node. */
  readonly prefix: readonly string[]
  /** That it answers with, 1–255. */
  readonly node: number
  readonly logFile: string
}

/**
 * Has a node send back what comes to {@link STREAM_PORT} of any address: what a pod on each node would do, without a way
 * over other nodes.
 */
export async function startEcho({ program, prefix, node, logFile }: EchoOptions): Promise<ForeignProcess> {
  const [enter = 'env', ...words] = prefix
  const rules = `table ip clarion-echo {
  chain prerouting {
    type nat hook prerouting priority dstnat - 10;
    udp dport ${STREAM_PORT} redirect to :${ECHO_PORT}
  }
}
`
  await run(enter, [...words, 'nft', '-f', '-'], rules)
  const command = [...prefix, program, 'echo', String(ECHO_PORT), String(node)]
  const echo = new ForeignProcess({ name: `echo-${node}`, command, logFile })
  echo.start()
  return echo
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
    const args = [...words, program, 'send', String(STREAM_PORT), String(rate), ...addresses]
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
