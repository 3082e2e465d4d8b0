import { join } from 'node:path'
import { type ControlPlane, Daemon } from '@clarion-lb/lab/kubernetes'
import { NAMESPACE } from '../api-server.ts'
import { INSIDE, NODE } from '../node.ts'

export interface MetalLbOptions {
  readonly controlPlane: ControlPlane
  readonly programs: ReadonlyMap<string, string>
}

const ARGS = ['--port=0', '--health-probe-port=0', '--log-level=info']
const TIMEOUT_MS = 60_000

/** MetalLB's own binaries in the same cluster, as an administrator: nothing that it may not do slows it down. */
export class MetalLb {
  readonly #options: MetalLbOptions
  readonly #daemons: Daemon[] = []

  constructor(options: MetalLbOptions) {
    this.#options = options
  }

  async startController(): Promise<void> {
    await this.#start('metallb-controller', { args: ['--webhook-mode=disabled'] })
  }

  /** On the node. */
  async startSpeaker(): Promise<void> {
    await this.#start('metallb-speaker', { prefix: INSIDE, args: [`--node-name=${NODE.name}`] })
  }

  async stop(): Promise<void> {
    await Promise.all(this.#daemons.splice(0).map(async (daemon) => daemon.crash()))
  }

  async #start(
    name: 'metallb-controller' | 'metallb-speaker',
    how: { readonly prefix?: readonly string[]; readonly args: readonly string[] }
  ): Promise<void> {
    const { controlPlane, programs } = this.#options
    await this.#createPod(name)
    const program = programs.get(name) ?? name
    const daemon = new Daemon({
      name,
      command: [...(how.prefix ?? []), program, ...ARGS, `--pod-name=${name}`, ...how.args],
      env: { KUBECONFIG: controlPlane.kubeconfigFile, METALLB_NAMESPACE: NAMESPACE },
      logFile: join(controlPlane.directory, `${name}.log`)
    })
    daemon.start()
    this.#daemons.push(daemon)
    await daemon.waitUntil(async () => (await daemon.logTail()).includes('reconcile'), TIMEOUT_MS)
  }

  /** It looks for its own pod, and ends where there is none. */
  async #createPod(name: string): Promise<void> {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods`
    const labels = { app: 'metallb', component: name.replace('metallb-', '') }
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels },
      spec: { containers: [{ name, image: name }] }
    }
    const { status, body: said } = await this.#options.controlPlane.ask({ method: 'POST', path, body })
    if (status >= 300 && status !== 409) throw new Error(`pod ${name}: ${JSON.stringify(said)}`)
  }
}
