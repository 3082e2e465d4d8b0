import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'

const ENVIRONMENT = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }
/** Whatever is started ends with us, even if we are killed. */
const WITH_US = ['setpriv', '--pdeathsig', 'KILL'] as const

/** How a program ended: its exit status, and what it printed. */
export interface Outcome {
  readonly status: number
  readonly output: string
}

/** A network namespace without a name: it lives as long as the process that holds it, and that as long as we do. */
export class Namespace {
  readonly #holder: ChildProcess
  readonly #processes: Set<ChildProcess> = new Set()

  private constructor(holder: ChildProcess) {
    this.#holder = holder
  }

  static async create(): Promise<Namespace> {
    const [program, ...args] = [...WITH_US, 'unshare', '--net', 'sh', '-c', 'echo ready; exec sleep infinity']
    const holder = spawn(program, args, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    const namespace = new Namespace(holder)
    await namespace.ip('link set lo up')
    return namespace
  }

  /** For `ip link set … netns PID`. */
  get pid(): number {
    return this.#holder.pid ?? -1
  }

  /** Runs `ip` with these words, and returns what it prints. */
  async ip(words: string): Promise<string> {
    return this.run('ip', ...words.split(' '))
  }

  /** Runs a program to its end. @throws with what it printed, if it fails */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const command = ['-t', String(this.pid), '-n', program, ...args]
    const { stdout } = await promisify(execFile)('nsenter', command, { env: ENVIRONMENT })
    return stdout
  }

  /** Runs a program to its end, however that is. */
  async attempt(program: string, ...args: readonly string[]): Promise<Outcome> {
    const command = ['-t', String(this.pid), '-n', program, ...args]
    const child = spawn('nsenter', command, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'exit')
    const printed = await Promise.all([text(child.stdout), text(child.stderr)])
    await ended
    return { status: child.exitCode ?? -1, output: printed.join('') }
  }

  /** Starts one of our scripts inside, with an IPC channel. */
  fork(script: string, ...args: readonly string[]): ChildProcess {
    const [program, ...words] = [
      ...WITH_US,
      'nsenter',
      '-t',
      String(this.pid),
      '-n',
      process.execPath,
      '--conditions=@clarion-lb/source',
      script,
      ...args
    ]
    const child = spawn(program, words, {
      env: ENVIRONMENT,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced'
    })
    this.#processes.add(child)
    child.once('exit', () => this.#processes.delete(child))
    return child
  }

  /** Ends what runs inside, and the namespace with it. */
  async close(): Promise<void> {
    const ending = [...this.#processes, this.#holder].filter(({ exitCode, signalCode }) => {
      return exitCode === null && signalCode === null
    })
    for (const child of ending) child.kill('SIGKILL')
    await Promise.all(ending.map(async (child) => once(child, 'exit')))
  }
}

/** A cable between two namespaces. */
export async function connect(
  a: { readonly namespace: Namespace; readonly name: string; readonly mac?: string },
  b: { readonly namespace: Namespace; readonly name: string; readonly mac?: string }
): Promise<void> {
  const address = (mac: string | undefined): string => (mac === undefined ? '' : ` address ${mac}`)
  await a.namespace.ip(
    `link add ${a.name}${address(a.mac)} type veth peer name ${b.name}${address(b.mac)} netns ${b.namespace.pid}`
  )
  await a.namespace.ip(`link set ${a.name} up`)
  await b.namespace.ip(`link set ${b.name} up`)
}
