import type { Allocation, Families, Ipam, Opening } from '@clarion-lb/ipam'
import { compareIpAddresses, type IpAddress, type IpFamily } from '@clarion-lb/netaddr'
import type { Requester } from './requester.ts'
import { annotationOf, ingressOf, isLoadBalancer, type ServiceView, serviceKey } from './service.ts'
import {
  clusterIpsOf,
  desiredAddresses,
  familiesOf,
  isPreferDualStack,
  requestOf,
  wantedFamilies
} from './service-request.ts'
import type { WaitRequest } from './waiting-services.ts'

/** Something to tell the owner of the Service. Reasons are MetalLB's. */
export interface ServiceEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason:
    | 'IPAllocated'
    | 'ClearAssignment'
    | 'AdditionalAssignFailed'
    | 'AllocationFailed'
    | 'LoadBalancerFailed'
    | 'nolbIPsIPFamily'
    | 'noclusterIPsIPFamily'
    | 'not enough clusterips'
  readonly message: string
}

/** What a Service's status should be, and why. */
export interface ServiceDecision {
  /** In the order of the status. */
  readonly addresses: readonly IpAddress[]
  /** Owner of the addresses. */
  readonly pool: string | undefined
  /** A sentence for people. */
  readonly because: string
  readonly events: readonly ServiceEvent[]
  /** What could help; `undefined`: it has all that it wants, or only a change of itself can help. */
  readonly wait: WaitRequest | undefined
  /** What others could use now. */
  readonly openings: readonly Opening[]
}

/**
 * Decides which addresses a Service has, and takes them from the allocator.
 *
 * Addresses that it has are kept as long as they are legal: those that the allocator holds for it, or else those of its
 * status. What somebody wrote into the status by hand is no request.
 */
export function convergeService(service: ServiceView, ipam: Ipam<Requester>): ServiceDecision {
  return new Convergence(service, ipam).decide()
}

class Convergence {
  readonly #service: ServiceView
  readonly #ipam: Ipam<Requester>
  readonly #key: string
  readonly #events: ServiceEvent[] = []
  readonly #openings: Opening[] = []

  constructor(service: ServiceView, ipam: Ipam<Requester>) {
    this.#service = service
    this.#ipam = ipam
    this.#key = serviceKey(service)
  }

  decide(): ServiceDecision {
    if (!isLoadBalancer(this.#service)) return this.#clear('it is not of type LoadBalancer')
    const clusterIps = clusterIpsOf(this.#service)
    if (clusterIps.length === 0) return this.#clear('it has no cluster IP')
    if (this.#service.spec?.ipFamilyPolicy === 'RequireDualStack' && clusterIps.length < 2) {
      const message = 'ipFamilyPolicy is RequireDualStack, but it has only one cluster IP'
      this.#tell('Warning', 'not enough clusterips', message)
      return this.#clear(message)
    }
    const cluster = familiesOf(clusterIps)
    if ('invalid' in cluster) {
      const message = `the cluster IP ${JSON.stringify(cluster.invalid)} is not an address`
      this.#tell('Warning', 'noclusterIPsIPFamily', message)
      return this.#keep(message)
    }
    const held = this.#keepCurrent(cluster)
    if (held === undefined) return this.#allocate(cluster)
    return held
  }

  /** Checks what it has. `undefined`: it has nothing (any more). */
  #keepCurrent(cluster: ReadonlySet<IpFamily>): ServiceDecision | undefined {
    const current = this.#ipam.get(this.#key)?.addresses ?? ingressOf(this.#service)
    if (current.length === 0 || !this.#isOfFamilies(current, cluster)) {
      this.#release()
      return undefined
    }
    const result = this.#ipam.assign({ ...requestOf(this.#service), addresses: current })
    if (result.outcome === 'refused') {
      this.#tell('Normal', 'ClearAssignment', `${format(current)} cannot be kept: ${result.refusal.message}`)
      this.#release()
      return undefined
    }
    this.#openings.push(...result.openings)
    const { allocation } = result
    const pool = annotationOf(this.#service, 'addressPool')
    if (pool !== undefined && pool !== '' && pool !== allocation.pool) {
      this.#release()
      return undefined
    }
    const desired = desiredAddresses(this.#service)
    if (typeof desired === 'string') {
      this.#tell('Warning', 'LoadBalancerFailed', `invalid request: ${desired}`)
      return this.#settled(
        allocation,
        `it keeps its addresses, since what it asks for is invalid: ${desired}`
      )
    }
    if (desired.length > 0 && !isSameSet(desired, allocation.addresses)) {
      this.#release()
      return undefined
    }
    const mayExtend = desired.length === 0 && cluster.size === 2 && isPreferDualStack(this.#service)
    if (allocation.addresses.length === 1 && mayExtend) return this.#extend(allocation)
    return this.#settled(allocation, `allocated from pool ${JSON.stringify(allocation.pool)}`)
  }

  #isOfFamilies(current: readonly IpAddress[], cluster: ReadonlySet<IpFamily>): boolean {
    const families = new Set(current.map(({ family }) => family))
    if (families.size < current.length) {
      this.#tell('Warning', 'nolbIPsIPFamily', `${format(current)} are more than one address of a family`)
      return false
    }
    if (cluster.size === 2 && isPreferDualStack(this.#service)) return true
    return families.size === cluster.size && [...families].every((family) => cluster.has(family))
  }

  /** One address, where one of each family is preferred. */
  #extend(allocation: Allocation): ServiceDecision {
    const result = this.#ipam.extend(requestOf(this.#service))
    if (result.outcome === 'allocated') {
      this.#openings.push(...result.openings)
      return this.#allocated(result.allocation)
    }
    this.#tell('Normal', 'AdditionalAssignFailed', `no second address: ${result.refusal.message}`)
    const [only] = allocation.addresses
    const family: IpFamily = only?.family === 4 ? 6 : 4
    const because = `it has one address and waits for one of the other family: ${result.refusal.message}`
    return this.#settled(allocation, because, this.#waitFor([family], { pool: allocation.pool }))
  }

  #allocate(cluster: ReadonlySet<IpFamily>): ServiceDecision {
    const families = wantedFamilies(this.#service, cluster)
    if (typeof families === 'string') return this.#fail(families, undefined)
    const desired = desiredAddresses(this.#service)
    if (typeof desired === 'string') return this.#fail(desired, undefined)
    const annotation = annotationOf(this.#service, 'addressPool')
    const pool = annotation === '' ? undefined : annotation
    return desired.length === 0
      ? this.#allocateAny(families, pool)
      : this.#allocateStated(desired, { families, pool })
  }

  #allocateAny(families: Families, pool: string | undefined): ServiceDecision {
    const result = this.#ipam.allocate({ ...requestOf(this.#service), pool, families })
    if (result.outcome === 'refused') {
      return this.#fail(result.refusal.message, this.#waitFor(acceptable(families), { pool }))
    }
    this.#openings.push(...result.openings)
    return this.#allocated(result.allocation)
  }

  #allocateStated(
    desired: readonly IpAddress[],
    { families, pool }: { readonly families: Families; readonly pool: string | undefined }
  ): ServiceDecision {
    const wanted = acceptable(families)
    const isFitting =
      families.stack === 'preferDual' ||
      (desired.length === wanted.length && desired.every(({ family }) => wanted.includes(family)))
    if (!isFitting) {
      const text = `${format(desired)} asked for, but the Service is ${describeFamilies(wanted)}`
      return this.#fail(text, undefined)
    }
    const result = this.#ipam.assign({ ...requestOf(this.#service), pool, addresses: desired })
    if (result.outcome === 'refused') {
      return this.#fail(result.refusal.message, this.#waitFor(wanted, { pool, addresses: desired }))
    }
    this.#openings.push(...result.openings)
    return this.#allocated(result.allocation)
  }

  #allocated(allocation: Allocation): ServiceDecision {
    const addresses = allocation.addresses.map((address) => JSON.stringify(address)).join(' ')
    this.#tell('Normal', 'IPAllocated', `Assigned IP [${addresses}]`)
    return this.#settled(allocation, `allocated from pool ${JSON.stringify(allocation.pool)}`)
  }

  #settled(allocation: Allocation, because: string, wait?: WaitRequest): ServiceDecision {
    const { addresses, pool } = allocation
    return { addresses, pool, because, wait, events: this.#events, openings: this.#openings }
  }

  #fail(because: string, wait: WaitRequest | undefined): ServiceDecision {
    this.#tell(
      'Warning',
      'AllocationFailed',
      `Failed to allocate IP for ${JSON.stringify(this.#key)}: ${because}`
    )
    return this.#nothing(because, wait)
  }

  #clear(because: string): ServiceDecision {
    this.#release()
    return this.#nothing(because, undefined)
  }

  /** Leaves all as it is: what was read makes no sense. */
  #keep(because: string): ServiceDecision {
    const held = this.#ipam.get(this.#key)
    return held === undefined ? this.#nothing(because, undefined) : this.#settled(held, because)
  }

  #nothing(because: string, wait: WaitRequest | undefined): ServiceDecision {
    return { addresses: [], pool: undefined, because, wait, events: this.#events, openings: this.#openings }
  }

  #waitFor(families: readonly IpFamily[], more: Pick<WaitRequest, 'pool' | 'addresses'>): WaitRequest {
    const { requester, sharing } = requestOf(this.#service)
    return { requester, sharing, families, ...more }
  }

  #release(): void {
    this.#openings.push(...(this.#ipam.release(this.#key)?.openings ?? []))
  }

  #tell(type: ServiceEvent['type'], reason: ServiceEvent['reason'], message: string): void {
    this.#events.push({ type, reason, message })
  }
}

function acceptable(families: Families): readonly IpFamily[] {
  return families.stack === 'single' ? [families.family] : [4, 6]
}

function describeFamilies(families: readonly IpFamily[]): string {
  return families.length === 2 ? 'dual-stack' : `IPv${families[0] ?? 4} only`
}

function isSameSet(a: readonly IpAddress[], b: readonly IpAddress[]): boolean {
  return a.length === b.length && a.every((one) => b.some((other) => compareIpAddresses(one, other) === 0))
}

function format(addresses: readonly IpAddress[]): string {
  return addresses.map((address) => address.toString()).join(', ')
}
