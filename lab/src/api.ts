import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildCrdManifests, FRR_K8S_GROUP } from '@clarion-lb/crds'
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  defineResource,
  ENDPOINT_SLICES,
  EVENTS,
  hasStatus,
  Informer,
  KubeClient,
  type KubeObject,
  LEASES,
  NAMESPACES,
  NODES,
  PODS,
  type ResourceRef,
  SECRETS,
  SERVICES
} from '@clarion-lb/k8s-watch'
import { parseAllDocuments } from 'yaml'
import type { ServiceState } from './demo/story.ts'

/** An object as it is applied. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

const FIELD_MANAGER = 'clarion-lab'
const METALLB = { group: 'metallb.io', version: 'v1beta1', isNamespaced: true } as const
const RESOURCES: readonly ResourceRef[] = [
  SERVICES,
  NODES,
  PODS,
  LEASES,
  NAMESPACES,
  EVENTS,
  ENDPOINT_SLICES,
  SECRETS,
  CUSTOM_RESOURCE_DEFINITIONS,
  defineResource({ ...METALLB, plural: 'ipaddresspools', kind: 'IPAddressPool' }),
  defineResource({ ...METALLB, plural: 'l2advertisements', kind: 'L2Advertisement' }),
  defineResource({ ...METALLB, plural: 'bgpadvertisements', kind: 'BGPAdvertisement' }),
  defineResource({ ...METALLB, plural: 'bgppeers', kind: 'BGPPeer', version: 'v1beta2' }),
  defineResource({ ...METALLB, plural: 'bfdprofiles', kind: 'BFDProfile' }),
  defineResource({ ...METALLB, plural: 'communities', kind: 'Community' }),
  defineResource({ ...METALLB, plural: 'servicel2statuses', kind: 'ServiceL2Status' }),
  defineResource({ ...METALLB, plural: 'servicebgpstatuses', kind: 'ServiceBGPStatus' }),
  defineResource({ ...METALLB, plural: 'bgpsessionstates', kind: 'BGPSessionState', group: FRR_K8S_GROUP }),
  defineResource({ ...METALLB, plural: 'configurationstates', kind: 'ConfigurationState' })
]

/** How long a request may take: a node whose cable is out must not wait for minutes. */
const TIMEOUT_MS = 3000
/** A watch whose other end has vanished says nothing. */
const SILENCE_MS = 15_000

/** What the lab does with the API of its cluster. */
export class LabApi {
  readonly #client: Promise<KubeClient>

  constructor(client: Promise<KubeClient>) {
    this.#client = client
  }

  /** For what the lab has no word for. */
  client(): Promise<KubeClient> {
    return this.#client
  }

  /** Server-side apply. The namespace is `default` unless stated. */
  async apply<T extends Manifest>(manifest: T): Promise<void> {
    const resource = resourceOf(({ kind }) => kind === manifest.kind, manifest.kind)
    const namespace = resource.isNamespaced ? (manifest.metadata.namespace ?? 'default') : ''
    const client = await this.#client
    const object = { ...manifest, metadata: { ...manifest.metadata, namespace } }
    await client.apply(resource, object, { fieldManager: FIELD_MANAGER, force: true })
  }

  /** It may be gone already. */
  async delete(plural: string, namespace: string, name: string): Promise<void> {
    const client = await this.#client
    try {
      await client.delete(
        resourceOf((resource) => resource.plural === plural, plural),
        { namespace, name }
      )
    } catch (error) {
      if (!hasStatus(error, 404)) throw error
    }
  }

  /** All objects of a kind, at first and after every change, until the signal aborts. Resolves after the first time. */
  async watch<T extends KubeObject>(
    plural: string,
    signal: AbortSignal,
    onChange: (objects: readonly T[]) => void
  ): Promise<void> {
    const client = await this.#client
    const resource: ResourceRef<T> = resourceOf((one) => one.plural === plural, plural)
    const informer = new Informer<T>({ client, resource, silenceMs: SILENCE_MS, maxRetryMs: 1000 })
    const tell = (): void => onChange([...informer.cache.values()])
    informer.start(signal)
    await informer.waitForSync(signal)
    tell()
    let isDue = false
    informer.onChange(() => {
      if (isDue) return
      isDue = true
      setImmediate(() => {
        isDue = false
        if (!signal.aborted) tell()
      })
    })
  }

  /** The metallb.io kinds. */
  async applyCrds(): Promise<void> {
    for (const { apiVersion, kind, metadata, ...rest } of buildCrdManifests())
      await this.apply({ apiVersion, kind, metadata: { ...metadata }, ...rest })
  }

  /** Applies every document of the YAML files of a directory whose name is wanted, in order of name, and returns them. */
  async applyDirectory(
    directory: string,
    isWanted: (file: string) => boolean = () => true
  ): Promise<readonly Manifest[]> {
    const files = (await readdir(directory))
      .filter((name) => /\.ya?ml$/.test(name) && isWanted(name))
      .toSorted()
    const manifests: Manifest[] = []
    for (const file of files) {
      const text = await readFile(join(directory, file), 'utf8')
      for (const document of parseAllDocuments(text)) {
        const manifest: unknown = document.toJS()
        if (isManifest(manifest)) manifests.push(manifest)
      }
    }
    for (const manifest of manifests) await this.apply(manifest)
    return manifests
  }

  async registerNode(name: string, addresses: readonly string[]): Promise<void> {
    await this.apply({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } }
    })
    const conditions = [{ type: 'Ready', status: 'True', reason: 'LabReady', message: 'the stand-in works' }]
    const status = { addresses: addresses.map((address) => ({ type: 'InternalIP', address })), conditions }
    await this.#applyStatus(NODES, { namespace: '', name }, status)
  }

  /** Cordons a node and says why, or takes both back: what `kubectl drain` does, but for the pods. */
  async setMaintenance(node: string, state: 'on' | 'off'): Promise<void> {
    const client = await this.#client
    const isOn = state === 'on'
    const annotations = { 'clarion.io/maintenance': isOn ? 'the lab drains it' : null }
    const body = { metadata: { annotations }, spec: { unschedulable: isOn ? true : null } }
    await client.patch(NODES, { namespace: '', name: node }, { type: 'merge', body })
  }

  async registerPod(pod: {
    readonly name: string
    readonly nodeName: string
    readonly addresses: readonly string[]
    readonly labels: Readonly<Record<string, string>>
  }): Promise<void> {
    const { name, nodeName, addresses, labels } = pod
    await this.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels },
      spec: { nodeName, containers: [{ name: 'web', image: 'lab/web', ports: [{ containerPort: 8080 }] }] }
    })
    const status = {
      phase: 'Running',
      podIP: addresses[0],
      podIPs: addresses.map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: 'True' }]
    }
    await this.#applyStatus(PODS, { namespace: 'default', name }, status)
  }

  /** Resolves when `isEnough` likes what it sees of a Service in `default`, or with the last state when the signal aborts. */
  async waitForService(
    name: string,
    isEnough: (state: ServiceState) => boolean,
    signal: AbortSignal
  ): Promise<ServiceState> {
    const client = await this.#client
    const options = { client, namespace: 'default' }
    const services = new Informer({ ...options, resource: SERVICES, fieldSelector: `metadata.name=${name}` })
    const events = new Informer({
      ...options,
      resource: EVENTS,
      fieldSelector: `involvedObject.kind=Service,involvedObject.name=${name}`
    })
    const stateNow = (): ServiceState => {
      const service = services.cache.get({ namespace: 'default', name })
      const addresses = (service?.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])
      const [newest] = [...events.cache.values()].toSorted((a, b) =>
        (a.lastTimestamp ?? '') < (b.lastTimestamp ?? '') ? 1 : -1
      )
      const reason = addresses.length === 0 && newest?.type === 'Warning' ? newest.message : undefined
      return { name, addresses, port: service?.spec?.ports?.[0]?.port ?? 80, reason }
    }
    const done = new AbortController()
    const either = AbortSignal.any([signal, done.signal])
    const look = (): void => {
      if (isEnough(stateNow())) done.abort()
    }
    services.onChange(look)
    events.onChange(look)
    services.start(either)
    events.start(either)
    if (!either.aborted) {
      await new Promise((resolve) => {
        either.addEventListener('abort', resolve, { once: true })
      })
    }
    const state = stateNow()
    await Promise.all([services.stop(), events.stop()])
    return state
  }

  async #applyStatus(
    resource: ResourceRef,
    key: { readonly namespace: string; readonly name: string },
    status: object
  ): Promise<void> {
    const client = await this.#client
    await client.patch(resource, key, { type: 'merge', body: { status } }, { subresource: 'status' })
  }
}

/** @param options - How long a request may take: see {@link KubeClient.load}. @defaultValue 3 s */
export function connectApi(kubeconfigFile: string, options: { readonly timeoutMs?: number } = {}): LabApi {
  return new LabApi(KubeClient.load({ kubeconfig: kubeconfigFile, timeoutMs: TIMEOUT_MS, ...options }))
}

function resourceOf<T extends KubeObject>(
  isWanted: (resource: ResourceRef) => boolean,
  name: string
): ResourceRef<T> {
  const found = RESOURCES.find(isWanted)
  if (found === undefined) throw new Error(`the lab does not know ${name}`)
  return defineResource<T>(found)
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && 'kind' in value && 'metadata' in value
}
