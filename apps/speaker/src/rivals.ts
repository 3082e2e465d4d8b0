import { Informer, type KubeClient, PODS, type V1Pod } from '@clarion-lb/k8s-watch'
import { pick, type Service } from '@clarion-lb/runtime'

export interface RivalsOptions {
  readonly client: KubeClient
  readonly namespace: string
  /** Of this process; `undefined`: it is in none that it knows. */
  readonly pod: V1Pod | undefined
  readonly onChange: (rivals: ReadonlyMap<string, string>) => void
  readonly onProblem: (error: unknown) => void
  /** @defaultValue 2000 */
  readonly timeoutMs?: number
}

/** Ours have it in the manifests and in the chart; MetalLB's have not. */
const MARK = 'clarion.io/component'
/** Labels of MetalLB's speakers, of its manifests and of its chart. Ours have them, too: they replace them in place. */
const SELECTORS = [
  `app=metallb,component=speaker,!${MARK}`,
  `app.kubernetes.io/name=metallb,app.kubernetes.io/component=speaker,!${MARK}`
] as const
const TIMEOUT_MS = 2000

/**
 * Looks for speakers of MetalLB in the own namespace, which elect without knowing of ours. Where there are none, and all of
 * ours have the mark, the API server has nothing to send.
 */
export class Rivals implements Service {
  readonly name = 'rivals'
  readonly #options: Required<RivalsOptions>
  readonly #informers: readonly Informer<V1Pod>[]
  #told = ''

  constructor(options: RivalsOptions) {
    this.#options = { timeoutMs: TIMEOUT_MS, ...options }
    const { client, namespace } = options
    this.#informers = SELECTORS.map(
      (labelSelector) => new Informer({ client, resource: PODS, namespace, labelSelector, trim: trimPod })
    )
  }

  /** Resolves when they are known, or cannot be for the time being: nobody waits for them. */
  async start(signal: AbortSignal): Promise<void> {
    const { timeoutMs, onProblem } = this.#options
    const { promise: isEnough, resolve } = Promise.withResolvers<void>()
    for (const informer of this.#informers) {
      informer.onChange(() => this.#look())
      informer.onProblem(({ error }) => {
        onProblem(error)
        resolve()
      })
      informer.start(signal)
    }
    const timer = setTimeout(resolve, timeoutMs)
    const known = Promise.all(this.#informers.map(async (informer) => informer.waitForSync(signal)))
    await Promise.race([known.catch(() => undefined), isEnough])
    clearTimeout(timer)
    this.#look()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.stop()))
  }

  #look(): void {
    const pods = this.#informers.flatMap((informer) => [...informer.cache.values()])
    const rivals = rivalsAmong(pods, this.#options.pod)
    const text = JSON.stringify([...rivals])
    if (text === this.#told || (rivals.size === 0 && this.#told === '')) return
    this.#told = text
    this.#options.onChange(rivals)
  }
}

/**
 * The speakers of MetalLB among pods that have no mark: name of the pod by node. Those that do not work (yet, or any more)
 * announce nothing, and what runs our image under manifests of others is ours.
 */
export function rivalsAmong(pods: Iterable<V1Pod>, own: V1Pod | undefined): ReadonlyMap<string, string> {
  const ours = new Set(imagesOf(own).map(repositoryOf))
  const rivals = new Map<string, string>()
  for (const pod of pods) {
    const { name, deletionTimestamp, uid } = pod.metadata ?? {}
    const node = pod.spec?.nodeName
    if (name === undefined || node === undefined || deletionTimestamp !== undefined) continue
    if (!isReady(pod)) continue
    if (uid !== undefined && uid === own?.metadata?.uid) continue
    const images = imagesOf(pod)
    if (images.some((image) => image.includes('clarion') || ours.has(repositoryOf(image)))) continue
    rivals.set(node, name)
  }
  return rivals
}

function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true
}

function imagesOf(pod: V1Pod | undefined): readonly string[] {
  return (pod?.spec?.containers ?? []).flatMap(({ image }) => image ?? [])
}

/** Without tag and digest. A registry may have a port. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')
}

function trimPod({ metadata, spec, status }: V1Pod): V1Pod {
  const containers = (spec?.containers ?? []).map((container) => pick(container, 'name', 'image'))
  return {
    metadata: pick(metadata, 'name', 'namespace', 'uid', 'resourceVersion', 'deletionTimestamp'),
    spec: { ...pick(spec, 'nodeName'), containers: containers.map((one) => ({ name: '', ...one })) },
    status: { conditions: (status?.conditions ?? []).filter(({ type }) => type === 'Ready') }
  }
}
