import {
  buildConfig,
  type Config,
  type ConfigResources,
  type Labelled,
  type Problem
} from '@clarion-lb/config'
import {
  CONFIG_MAPS,
  hasStatus,
  Informer,
  type InformerProblem,
  type KubeClient,
  type KubeObject,
  NAMESPACES,
  type ObjectChange,
  type ObjectView,
  type ResourceRef,
  SECRETS,
  type V1ConfigMap,
  type V1Namespace,
  type V1Node,
  type V1Secret
} from '@clarion-lb/k8s-watch'
import { type ReadConfig, readLegacyMap, type UnreadConfig } from './legacy-map.ts'
import type { Service } from './lifecycle.ts'
import {
  BFD_PROFILES,
  BGP_ADVERTISEMENTS,
  BGP_PEERS,
  COMMUNITIES,
  IP_ADDRESS_POOLS,
  L2_ADVERTISEMENTS
} from './metallb-resources.ts'
import { isOtherLabels, isOtherSpec, onlyLabels } from './relevant-changes.ts'
import { isCreatable } from './served-kind.ts'

/** The configuration as it is now. */
export interface ConfigState {
  readonly config: Config
  readonly problems: readonly Problem[]
  /** The objects behind it; with a legacy ConfigMap those that it means. */
  readonly resources: ConfigResources
}

export interface ConfigSourceOptions {
  readonly client: KubeClient
  readonly namespace: string
  /** Name of a ConfigMap to read instead of the metallb.io objects; empty: none. */
  readonly legacyConfigMap: string
  /** The controller needs pools only; a speaker needs all, and the nodes. */
  readonly nodes: Informer<V1Node> | undefined
  readonly onConfig: (state: ConfigState) => void
  /** `undefined`: it can be read (again). Else why there is none yet, or why it is not followed any more. */
  readonly onUnavailable: (because: string | undefined, problems: readonly Problem[]) => void
  readonly onProblem: (resource: string, problem: InformerProblem) => void
}

interface Watched<T extends KubeObject> {
  readonly resource: ResourceRef<T>
  readonly informer: Informer<T>
}

/** What of an informer does not depend on the type of its objects. */
interface AnyWatched {
  readonly resource: ResourceRef
  readonly informer: {
    readonly hasSynced: boolean
    readonly isAbsent: boolean
    readonly cache: { readonly size: number }
    start(signal: AbortSignal): void
    stop(): Promise<void>
    waitForSync(signal: AbortSignal): Promise<void>
    onChange(listener: (change: ObjectChange<KubeObject>) => void): () => void
    onConnectionChange(listener: () => void): () => void
    onContact(listener: () => void): () => void
    onProblem(listener: (problem: InformerProblem) => void): () => void
  }
}

/** Changes that come together are one change. */
const SETTLE_MS = 20
/** Until the server is asked again what it serves, when it did not say. */
const ASK_AGAIN_MS = 1000
/** MetalLB's name for it. */
const BGP_EXTRAS = 'bgpextras'
const ABSENT_RETRY_MS = 2000

/**
 * Reads the configuration and follows it. While a kind that it cannot do without is not served (its
 * CustomResourceDefinition is missing), or the legacy ConfigMap cannot be read, the last known configuration stays.
 */
export class ConfigSource implements Service {
  readonly name = 'configuration'
  readonly #options: ConfigSourceOptions
  readonly #pools: Watched<KubeObject & NonNullable<ConfigResources['pools']>[number]>
  readonly #l2: Watched<KubeObject & NonNullable<ConfigResources['l2Advertisements']>[number]>
  readonly #bgp: Watched<KubeObject & NonNullable<ConfigResources['bgpAdvertisements']>[number]>
  readonly #peers: Watched<KubeObject & NonNullable<ConfigResources['bgpPeers']>[number]>
  readonly #profiles: Watched<KubeObject & NonNullable<ConfigResources['bfdProfiles']>[number]>
  readonly #communities: Watched<KubeObject & NonNullable<ConfigResources['communities']>[number]>
  readonly #namespaces: Watched<V1Namespace>
  readonly #secrets: Watched<V1Secret>
  readonly #configMaps: Watched<V1ConfigMap>
  /** Text for FRR, of which a speaker can only say that it means nothing here. */
  readonly #extras: Watched<V1ConfigMap>
  readonly #used: readonly AnyWatched[]
  /** Kinds without which there is no configuration. */
  readonly #needed: readonly AnyWatched[]
  /** Needed kinds of which objects were deleted; perhaps the kind itself is. */
  readonly #suspects = new Set<AnyWatched>()
  /** Needed kinds that were missing, and that have no objects yet: what is known stays until they have. */
  readonly #emptied = new Set<AnyWatched>()
  #building: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #unavailable: string | undefined
  #wasTold = false
  #isStopped = false
  readonly #stops: (() => unknown)[] = []

  constructor(options: ConfigSourceOptions) {
    this.#options = options
    const { legacyConfigMap, nodes } = options
    const isLegacy = legacyConfigMap !== ''
    const isSpeaker = nodes !== undefined
    this.#pools = this.#watch(IP_ADDRESS_POOLS)
    this.#l2 = this.#watch(L2_ADVERTISEMENTS)
    this.#bgp = this.#watch(BGP_ADVERTISEMENTS)
    this.#peers = this.#watch(BGP_PEERS)
    this.#profiles = this.#watch(BFD_PROFILES)
    this.#communities = this.#watch(COMMUNITIES)
    this.#secrets = this.#watch(SECRETS)
    this.#configMaps = this.#watch(CONFIG_MAPS, { fieldSelector: `metadata.name=${legacyConfigMap}` })
    this.#extras = this.#watch(CONFIG_MAPS, { fieldSelector: `metadata.name=${BGP_EXTRAS}` })
    this.#namespaces = this.#watch(NAMESPACES, { namespace: '', trim: onlyLabels })
    const objects = isSpeaker
      ? [
          this.#pools,
          this.#l2,
          this.#bgp,
          this.#peers,
          this.#profiles,
          this.#communities,
          this.#secrets,
          this.#extras
        ]
      : [this.#pools]
    this.#needed = isLegacy ? [] : isSpeaker ? [this.#pools, this.#l2] : [this.#pools]
    this.#used = isLegacy ? [this.#configMaps, this.#namespaces] : [...objects, this.#namespaces]
  }

  /** The pools as they are in the cluster. */
  get pools(): ObjectView<KubeObject & NonNullable<ConfigResources['pools']>[number]> {
    return this.#pools.informer.cache
  }

  start(signal: AbortSignal): void {
    const { nodes } = this.#options
    for (const watched of this.#used) {
      const { resource, informer } = watched
      this.#stops.push(
        informer.onChange((change) => {
          if (change.type === 'deleted' && this.#needed.includes(watched)) this.#suspects.add(watched)
          const isRelevant = resource === NAMESPACES ? isOtherLabels(change) : isOtherSpec(change)
          if (isRelevant) this.#schedule()
        }),
        informer.onConnectionChange(() => this.#schedule()),
        // A kind that has come at last. One that comes back without objects tells nothing: what is known stays.
        informer.onContact(() => {
          if (!this.#wasTold && this.#unavailable !== undefined) this.#schedule()
        }),
        informer.onProblem((problem) => this.#options.onProblem(resource.plural, problem)),
        () => informer.stop()
      )
      informer.start(signal)
      void informer.waitForSync(signal).then(
        () => this.#schedule(),
        () => undefined
      )
    }
    if (nodes === undefined) return
    this.#stops.push(
      nodes.onChange((change) => {
        if (isOtherLabels(change)) this.#schedule()
      })
    )
    void nodes.waitForSync(signal).then(
      () => this.#schedule(),
      () => undefined
    )
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await Promise.all(this.#stops.splice(0).map((stop) => stop()))
  }

  #schedule(afterMs = SETTLE_MS): void {
    if (this.#isStopped) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#building = this.#building.then(() => this.#build())
    }, afterMs)
  }

  async #build(): Promise<void> {
    const isComplete = this.#used.every(({ informer }) => informer.hasSynced)
    if (!isComplete || this.#options.nodes?.hasSynced === false) return
    const missing = await this.#unavailableBecause()
    if (this.#isStopped) return
    // Objects went while the server was asked: it may have been asked too early.
    if (missing === undefined && this.#suspects.size > 0) return this.#schedule()
    const read = missing === undefined ? this.#read() : { because: missing, problems: [] }
    const because = 'because' in read ? read.because : undefined
    if (because !== this.#unavailable) this.#options.onUnavailable(because, read.problems)
    this.#unavailable = because
    if ('because' in read) return
    this.#wasTold = true
    const { resources, problems } = read
    const result = buildConfig(resources)
    this.#options.onConfig({
      config: result.config,
      problems: [...problems, ...result.problems],
      resources
    })
  }

  /**
   * A CustomResourceDefinition that is deleted takes its objects along, before or after it is seen to be gone: nobody meant
   * to be without them, also while it is back and they are not.
   */
  async #unavailableBecause(): Promise<string | undefined> {
    for (const watched of this.#needed) {
      const { resource, informer } = watched
      const isDeleted = await this.#isDeleted(watched)
      if (isDeleted === 'unknown') {
        this.#schedule(ASK_AGAIN_MS)
        return `nobody says whether ${resource.kind} is still served`
      }
      if (informer.isAbsent || isDeleted) this.#emptied.add(watched)
      else if (informer.cache.size > 0 || !this.#wasTold) this.#emptied.delete(watched)
      if (this.#emptied.has(watched)) return missing(resource)
    }
    return undefined
  }

  /** Whether the kind went, of which objects were deleted. */
  async #isDeleted(watched: AnyWatched): Promise<boolean | 'unknown'> {
    // One that is deleted while the server is asked is a new suspicion.
    if (!this.#suspects.delete(watched)) return false
    const isThere = await isCreatable(this.#options.client, watched.resource).catch((error: unknown) =>
      // Who may not ask what is served still sees it when a list is answered with 404.
      hasStatus(error, 403) ? true : ('unknown' as const)
    )
    if (isThere !== true) this.#suspects.add(watched)
    return isThere === 'unknown' ? isThere : !isThere
  }

  #read(): ReadConfig | UnreadConfig {
    const { legacyConfigMap, nodes, namespace } = this.#options
    const labelled = {
      namespaces: [...this.#namespaces.informer.cache.values()].map(labelledOf),
      ...(nodes === undefined ? {} : { nodes: [...nodes.cache.values()].map(labelledOf) })
    }
    if (legacyConfigMap !== '') {
      const key = { namespace, name: legacyConfigMap }
      const legacy = readLegacyMap(this.#configMaps.informer.cache.get(key), key)
      if ('because' in legacy) return legacy
      return { ...legacy, resources: { ...legacy.resources, ...labelled } }
    }
    const secrets = new Map(
      [...this.#secrets.informer.cache.values()].map(({ metadata, type, data }) => [
        metadata?.name ?? '',
        { ...(type === undefined ? {} : { type }), ...(data === undefined ? {} : { data }) }
      ])
    )
    const resources = {
      pools: sorted(this.#pools.informer.cache),
      l2Advertisements: sorted(this.#l2.informer.cache),
      bgpAdvertisements: sorted(this.#bgp.informer.cache),
      bgpPeers: sorted(this.#peers.informer.cache),
      bfdProfiles: sorted(this.#profiles.informer.cache),
      communities: sorted(this.#communities.informer.cache),
      bgpExtras: this.#extras.informer.cache.get({ namespace, name: BGP_EXTRAS }),
      secrets,
      ...labelled
    }
    return { resources, problems: [] }
  }

  #watch<T extends KubeObject>(
    resource: ResourceRef<T>,
    more: {
      readonly fieldSelector?: string
      readonly namespace?: string
      readonly trim?: (object: T) => T
    } = {}
  ): Watched<T> {
    const { client, namespace } = this.#options
    const options = { client, resource, namespace, absentRetryMs: ABSENT_RETRY_MS, ...more }
    return { resource, informer: new Informer<T>(options) }
  }
}

function missing({ kind }: ResourceRef): string {
  return `the CustomResourceDefinition of ${kind} is missing; apply the metallb.io CRDs`
}

function labelledOf({ metadata }: KubeObject): Labelled {
  return { name: metadata?.name ?? '', labels: metadata?.labels }
}

function sorted<T extends KubeObject>(cache: ObjectView<T>): readonly T[] {
  return [...cache.values()].toSorted((a, b) =>
    (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1
  )
}
