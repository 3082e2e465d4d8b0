import type { ConfigResources, Labelled } from '@clarion-lb/config'
import {
  hasStatus,
  type KubeClient,
  type KubeObject,
  listAll,
  NAMESPACES,
  NODES,
  type ResourceRef,
  SECRETS,
  SERVICES,
  type V1Service
} from '@clarion-lb/k8s-watch'
import {
  BFD_PROFILES,
  BGP_ADVERTISEMENTS,
  BGP_PEERS,
  COMMUNITIES,
  IP_ADDRESS_POOLS,
  L2_ADVERTISEMENTS
} from '@clarion-lb/runtime'
import { trimService } from '../trim-service.ts'
import type { AdmissionRequest } from './admission-review.ts'
import { fieldOf, textOf } from './json.ts'

/** What a request is looked at together with. Lists that are absent were not needed. */
export interface ExistingObjects extends ConfigResources {
  /** Services with addresses of the pool that is changed; absent: nobody knows. */
  readonly holders?: readonly V1Service[]
}

type ListName = Exclude<keyof ConfigResources, 'secrets' | 'bgpExtras' | 'nodes' | 'namespaces'>

/** By kind of the object: what it is compared with, and what may be in need of it. */
const NEEDED: Readonly<Record<string, readonly ListName[]>> = {
  IPAddressPool: ['pools', 'l2Advertisements', 'bgpAdvertisements', 'communities'],
  L2Advertisement: ['pools', 'l2Advertisements'],
  BGPAdvertisement: ['pools', 'bgpAdvertisements', 'bgpPeers', 'communities'],
  BGPPeer: ['bgpPeers', 'bfdProfiles'],
  Community: ['pools', 'bgpAdvertisements', 'communities'],
  BFDProfile: ['bfdProfiles', 'bgpPeers']
}
const PAGE_SIZE = 500
/** Stands for every node while nobody tells nodes apart: reading them all costs more than all the rest. */
const ANY_NODE: Labelled = { name: 'any node' }

/**
 * Reads from the API server what a request is looked at together with. Not from a cache: what was created a moment ago,
 * by the line above in the same file, counts.
 */
export class ExistingObjectsReader {
  readonly #client: Pick<KubeClient, 'list' | 'find'>
  readonly #namespace: string

  constructor(options: { readonly client: Pick<KubeClient, 'list' | 'find'>; readonly namespace: string }) {
    this.#client = options.client
    this.#namespace = options.namespace
  }

  /** @throws KubeApiError, KubeTransportError */
  async read(request: AdmissionRequest, signal: AbortSignal): Promise<ExistingObjects> {
    const lists = await this.#lists(NEEDED[request.kind] ?? [], signal)
    const spec = fieldOf(request.object, 'spec')
    const isSelective = [spec, ...specsOf(lists)].some((one) =>
      hasEntries(one, 'nodeSelectors', 'preferredNodeSelectors')
    )
    const isReserved = hasEntries(fieldOf(spec, 'serviceAllocation'), 'namespaces', 'namespaceSelectors')
    return {
      ...lists,
      nodes: isSelective ? await this.#labels(NODES, signal) : [ANY_NODE],
      ...(isReserved ? { namespaces: await this.#labels(NAMESPACES, signal) } : {}),
      ...(await this.#secret(textOf(fieldOf(spec, 'passwordSecret'), 'name'), signal)),
      ...(await this.#holders(request, signal))
    }
  }

  async #lists(names: readonly ListName[], signal: AbortSignal): Promise<ConfigResources> {
    const when = <T extends KubeObject>(name: ListName, resource: ResourceRef<T>) =>
      names.includes(name) ? this.#list(resource, signal) : undefined
    const [pools, l2Advertisements, bgpAdvertisements, bgpPeers, bfdProfiles, communities] =
      await Promise.all([
        when('pools', IP_ADDRESS_POOLS),
        when('l2Advertisements', L2_ADVERTISEMENTS),
        when('bgpAdvertisements', BGP_ADVERTISEMENTS),
        when('bgpPeers', BGP_PEERS),
        when('bfdProfiles', BFD_PROFILES),
        when('communities', COMMUNITIES)
      ])
    return {
      ...(pools && { pools }),
      ...(l2Advertisements && { l2Advertisements }),
      ...(bgpAdvertisements && { bgpAdvertisements }),
      ...(bgpPeers && { bgpPeers }),
      ...(bfdProfiles && { bfdProfiles }),
      ...(communities && { communities })
    }
  }

  /** None of a kind whose CustomResourceDefinition is missing. */
  async #list<T extends KubeObject>(resource: ResourceRef<T>, signal: AbortSignal): Promise<T[]> {
    const options = { namespace: this.#namespace, pageSize: PAGE_SIZE, trim: (object: T) => object, signal }
    try {
      const { objects } = await listAll(this.#client, resource, options)
      return [...objects.values()]
    } catch (error) {
      if (hasStatus(error, 404)) return []
      throw error
    }
  }

  async #labels<T extends KubeObject>(resource: ResourceRef<T>, signal: AbortSignal): Promise<Labelled[]> {
    const labelled: Labelled[] = []
    let from: string | undefined
    do {
      const page = await this.#client.list(resource, { limit: PAGE_SIZE, continue: from, signal })
      for (const { metadata } of page.items)
        labelled.push({ name: metadata?.name ?? '', labels: metadata?.labels })
      from = page.continue
    } while (from !== undefined)
    return labelled
  }

  async #secret(name: string, signal: AbortSignal): Promise<Pick<ConfigResources, 'secrets'>> {
    if (name === '') return {}
    try {
      const secret = await this.#client.find(SECRETS, { namespace: this.#namespace, name }, { signal })
      if (secret === undefined) return { secrets: new Map() }
      const { type, data } = secret
      return { secrets: new Map([[name, { ...(type && { type }), ...(data && { data }) }]]) }
    } catch (error) {
      // Only a warning depends on it.
      if (hasStatus(error, 403)) return {}
      throw error
    }
  }

  /** Read only where a pool that is in use changes. */
  async #holders(
    { kind, operation, object, oldObject }: AdmissionRequest,
    signal: AbortSignal
  ): Promise<Pick<ExistingObjects, 'holders'>> {
    if (kind !== 'IPAddressPool' || operation !== 'UPDATE') return {}
    if (addressesOf(object) === addressesOf(oldObject)) return {}
    try {
      const { objects } = await listAll(this.#client, SERVICES, {
        pageSize: PAGE_SIZE,
        trim: trimService,
        signal
      })
      return { holders: [...objects.values()] }
    } catch (error) {
      if (hasStatus(error, 403)) return {}
      throw error
    }
  }
}

function addressesOf(pool: unknown): string {
  return JSON.stringify(fieldOf(fieldOf(pool, 'spec'), 'addresses'))
}

function specsOf(lists: ConfigResources): readonly unknown[] {
  return [
    ...(lists.bgpAdvertisements ?? []),
    ...(lists.l2Advertisements ?? []),
    ...(lists.bgpPeers ?? [])
  ].map(({ spec }) => spec)
}

/** Whether one of these lists is there, with something in it. */
function hasEntries(object: unknown, ...names: readonly string[]): boolean {
  return names.some((name) => {
    const list = fieldOf(object, name)
    return Array.isArray(list) && list.length > 0
  })
}
