import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabProcess } from '../lab-process.ts'
import type { ControlPlane } from './control-plane.ts'
import { applyManifest, readManifests } from './manifests.ts'

/** The namespace that the manifests put everything into. */
export const CLARION_NAMESPACE = 'metallb-system'
const TOKEN_LIFETIME_S = 24 * 3600
/** The pods are processes here, and nobody is behind the Service of the webhooks. */
const LEFT_OUT: readonly string[] = ['Deployment', 'DaemonSet', 'ValidatingWebhookConfiguration']

export interface InstalledClarionOptions {
  readonly controlPlane: ControlPlane
  /** Directory of the repository: the binaries are those of its `apps`, the manifest that of its `deploy`. */
  readonly root: string
  /** Flags for every binary. */
  readonly args?: readonly string[]
}

export interface BinaryPlace {
  /** Words that enter a namespace. */
  readonly prefix?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** @defaultValue one that is good for a day */
  readonly token?: string
  /** Where it finds the API server. @defaultValue where the API server is */
  readonly url?: string
  /** Flags of this one. */
  readonly args?: readonly string[]
  /** For more than one of a kind. @defaultValue that of the binary */
  readonly name?: string
}

/**
 * Clarion in a real cluster: its manifest applied, and its binaries as processes, with the rights that the manifest gives
 * to the pods.
 */
export class InstalledClarion {
  readonly #options: InstalledClarionOptions
  readonly #processes: LabProcess[] = []

  constructor(options: InstalledClarionOptions) {
    this.#options = options
  }

  /** @throws Error with what the API server said, if it refuses an object */
  async applyManifest(): Promise<void> {
    const { controlPlane, root } = this.#options
    const manifests = await readManifests(join(root, 'deploy', 'manifests', 'clarion-native.yaml'))
    for (const manifest of manifests.filter(({ kind }) => !LEFT_OUT.includes(kind))) {
      const { status, body } = await applyManifest(controlPlane.connection, manifest)
      if (status >= 300)
        throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${JSON.stringify(body)}`)
    }
  }

  async startController(place: BinaryPlace = {}): Promise<LabProcess> {
    const env = { METALLB_DEPLOYMENT: 'controller', ...place.env }
    return this.#start('controller', place.name ?? 'controller', { ...place, env })
  }

  async startSpeaker(nodeName: string, place: BinaryPlace = {}): Promise<LabProcess> {
    const env = { METALLB_NODE_NAME: nodeName, ...place.env }
    return this.#start('speaker', place.name ?? `speaker-${nodeName}`, { ...place, env })
  }

  /** What a binary has said, in all its lives. */
  logFile(name: string): string {
    return join(this.#options.controlPlane.directory, `${name}.log`)
  }

  /** Where a binary reads its token, again and again, as in a pod. */
  tokenFile(name: string): string {
    return join(this.#options.controlPlane.directory, `${name}.token`)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map(async (one) => one.stop()))
  }

  async #start(app: 'controller' | 'speaker', name: string, place: BinaryPlace): Promise<LabProcess> {
    const { controlPlane, root, args = [] } = this.#options
    const account = { namespace: CLARION_NAMESPACE, name: app }
    const token = place.token ?? (await controlPlane.requestToken(account, TOKEN_LIFETIME_S))
    const tokenFile = this.tokenFile(name)
    await writeFile(tokenFile, token, { mode: 0o600 })
    const kubeconfig = await controlPlane.writeKubeconfig(name, { tokenFile }, place.url)
    const binary = new LabProcess({
      name,
      prefix: ['setpriv', '--pdeathsig', 'KILL', ...(place.prefix ?? [])],
      script: join(root, 'apps', app, 'dist', 'main.js'),
      args: [`--kubeconfig=${kubeconfig}`, ...args, ...(place.args ?? [])],
      env: { METALLB_NAMESPACE: CLARION_NAMESPACE, ...place.env },
      logFile: this.logFile(name)
    })
    binary.start()
    this.#processes.push(binary)
    return binary
  }
}
