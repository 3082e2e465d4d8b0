import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '../shell.ts'
import { Daemon } from './daemon.ts'
import type { Programs } from './get-programs.ts'
import { createControlGroup } from './node-control-groups.ts'
import {
  containerdSocket,
  type NodeFiles,
  type NodeSettings,
  nodeFiles,
  type ProxyMode
} from './node-files.ts'
import { nodeMountScript } from './node-mounts.ts'

export interface ClusterNodeOptions {
  readonly settings: NodeSettings
  readonly programs: Programs
  /** Words that enter the node's network namespace. */
  readonly prefix: readonly string[]
  /** OCI archives. */
  readonly imageArchives: readonly string[]
}

const READY_TIMEOUT_MS = 60_000
const PROXY = 'kube-proxy'
const PROXY_FILE = 'proxy.yaml'

/**
 * A node: containerd, kubelet and kube-proxy in network, mount, process and host name namespaces of their own. All that
 * runs on it ends at once when its first process is killed.
 */
export class ClusterNode {
  readonly name: string
  readonly #options: ClusterNodeOptions
  readonly #holder: Daemon
  #daemons: readonly Daemon[] = []
  #proxyMode: ProxyMode
  #pid = ''
  #hasImages = false

  constructor(options: ClusterNodeOptions) {
    const { settings, prefix, programs } = options
    this.name = settings.addresses.name
    this.#options = options
    this.#proxyMode = settings.proxyMode
    const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc']
    this.#holder = new Daemon({
      name: this.name,
      command: [...prefix, 'unshare', ...namespaces, programs.get('pod') ?? 'pod', 'pause'],
      logFile: this.#logFile('node')
    })
  }

  get isRunning(): boolean {
    return this.#holder.isRunning
  }

  /** Process ids of what runs, for measurements; their children are the node's too. */
  get pids(): readonly number[] {
    return [this.#holder, ...this.#daemons].flatMap(({ pid }) => pid ?? [])
  }

  /** The words to put before a command so that it runs in all of the node's namespaces. */
  enter(): readonly [string, ...string[]] {
    return ['nsenter', '--target', this.#pid, '--mount', '--uts', '--pid', '--net']
  }

  /** What `ctr` has to be told so that it asks this node's containerd about what Kubernetes has. */
  get containerdEnvironment(): Readonly<Record<string, string>> {
    return {
      CONTAINERD_ADDRESS: containerdSocket(this.#options.settings.directory),
      CONTAINERD_NAMESPACE: 'k8s.io'
    }
  }

  /** Makes the namespaces and starts containerd, with the images in it. */
  async boot(): Promise<void> {
    const { settings } = this.#options
    const { directory, controlGroup } = settings
    for (const [name, content] of Object.entries(this.#files())) {
      await mkdir(dirname(join(directory, name)), { recursive: true })
      await writeFile(join(directory, name), content)
    }
    await createControlGroup(controlGroup)
    await this.#openNamespaces()
    const containerd = this.#daemon('containerd', ['containerd', '-c', join(directory, 'containerd.toml')])
    containerd.start()
    this.#daemons = [containerd]
    const isServing = async (): Promise<boolean> => this.control(['version']).then(() => true)
    await containerd.waitUntil(isServing, READY_TIMEOUT_MS)
    if (!this.#hasImages) {
      for (const archive of this.#options.imageArchives) await this.control(['images', 'import', archive])
      this.#hasImages = true
    }
  }

  /** Starts kubelet and kube-proxy: the API server should be there. */
  join(): void {
    const { settings, programs } = this.#options
    const { directory, addresses, kubeconfigFile } = settings
    const kubelet = this.#daemon('kubelet', [
      programs.get('kubelet') ?? 'kubelet',
      `--config=${join(directory, 'kubelet.yaml')}`,
      `--kubeconfig=${kubeconfigFile}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${addresses.segment.map((address) => address.split('/')[0]).join(',')}`,
      `--root-dir=${join(directory, 'kubelet')}`,
      `--cert-dir=${join(directory, 'certs')}`
    ])
    kubelet.start()
    this.#daemons = [...this.#daemons, kubelet]
    this.#startProxy()
  }

  /** Another kube-proxy takes over, and clears away what the one before has left. */
  async setProxyMode(mode: ProxyMode): Promise<void> {
    const [proxy] = this.#daemons.filter(({ name }) => name === PROXY)
    if (proxy?.pid === undefined) throw new Error(`kube-proxy does not run on ${this.name}`)
    // Who enters a process namespace sends a child there, and ends with it.
    const children = await readFile(`/proc/${proxy.pid}/task/${proxy.pid}/children`, 'utf8')
    for (const pid of children.trim().split(' ')) process.kill(Number(pid), 'SIGKILL')
    await proxy.exited()
    this.#daemons = this.#daemons.filter((one) => one !== proxy)
    this.#proxyMode = mode
    // Only now: a kube-proxy whose file is written to ends by itself, at some moment.
    await writeFile(join(this.#options.settings.directory, PROXY_FILE), this.#files()[PROXY_FILE])
    this.#startProxy()
  }

  /** Every process and mount of the node is gone at once, as when its power is cut. Its disk stays. */
  async crash(): Promise<void> {
    await this.#holder.crash()
    await Promise.all(this.#daemons.map(async (daemon) => daemon.crash()))
    this.#daemons = []
  }

  /** Runs a program on the node. @throws CommandError */
  async execute(command: readonly string[]): Promise<string> {
    const [program, ...words] = [...this.enter(), ...command]
    return run(program, words)
  }

  /** Asks the node's containerd, with the arguments of `ctr`, about what Kubernetes has. @throws CommandError */
  async control(args: readonly string[]): Promise<string> {
    const environment = Object.entries(this.containerdEnvironment).map(([name, value]) => `${name}=${value}`)
    return this.execute(['env', ...environment, 'ctr', ...args])
  }

  /** The ends of its logs. */
  async explain(): Promise<string> {
    const daemons = [this.#holder, ...this.#daemons]
    const tails = await Promise.all(
      daemons.map(async (one) => `--- ${this.name} ${one.name}\n${await one.logTail()}\n`)
    )
    return tails.join('')
  }

  #files(): NodeFiles {
    return nodeFiles({ ...this.#options.settings, proxyMode: this.#proxyMode })
  }

  #startProxy(): void {
    const { settings, programs } = this.#options
    const file = join(settings.directory, PROXY_FILE)
    const proxy = this.#daemon(PROXY, [programs.get(PROXY) ?? PROXY, `--config=${file}`])
    proxy.start()
    this.#daemons = [...this.#daemons, proxy]
  }

  async #openNamespaces(): Promise<void> {
    this.#holder.start()
    const hasFirstProcess = async (): Promise<boolean> => {
      const holder = this.#holder.pid
      const children = await readFile(`/proc/${holder}/task/${holder}/children`, 'utf8')
      this.#pid = children.trim().split(' ')[0] ?? ''
      if (this.#pid === '') return false
      // Its own /proc is the last that is made for it before it is our program.
      return (await readFile(`/proc/${this.#pid}/cmdline`, 'utf8')).endsWith('pause\0')
    }
    await this.#holder.waitUntil(hasFirstProcess, READY_TIMEOUT_MS)
    const [program, ...args] = [...this.enter(), 'sh']
    await run(program, args, nodeMountScript(this.name, this.#options.settings.directory))
  }

  #daemon(name: string, command: readonly string[]): Daemon {
    return new Daemon({ name, command: [...this.enter(), ...command], logFile: this.#logFile(name) })
  }

  #logFile(name: string): string {
    return `${this.#options.settings.directory}-${name}.log`
  }
}
