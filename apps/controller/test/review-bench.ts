import type { AdmissionRequest, AdmissionResponse } from '../src/webhooks/admission-review.ts'
import type { ExistingObjects } from '../src/webhooks/existing-objects.ts'
import { review } from '../src/webhooks/review.ts'

export const NAMESPACE = 'metallb-system'
export const NODES = [
  { name: 'a', labels: { zone: '1' } },
  { name: 'b', labels: { zone: '2' } }
]

/** How a request is asked, and what there is already. */
export interface Asked {
  readonly operation?: string
  readonly name?: string
  readonly namespace?: string
  readonly before?: object
  readonly existing?: ExistingObjects
  readonly bgpType?: string
  readonly metadata?: object
}

export function object<Spec extends object>(name: string, spec: Spec, metadata: object = {}) {
  return {
    metadata: { name, namespace: NAMESPACE, creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec
  }
}

export function request(kind: string, spec: object | undefined, asked: Asked): AdmissionRequest {
  const { name = 'new', namespace = NAMESPACE, before, metadata } = asked
  const operation = asked.operation ?? (before === undefined ? 'CREATE' : 'UPDATE')
  return {
    uid: '1',
    kind,
    operation,
    namespace,
    name,
    subResource: '',
    object: spec === undefined ? undefined : object(name, spec, { namespace, ...metadata }),
    oldObject: before === undefined ? undefined : object(name, before),
    username: 'somebody'
  }
}

/** Asks for an object of this spec to be written: to be created, unless it is said what it was before. */
export function ask(kind: string, spec: object | undefined, asked: Asked = {}): AdmissionResponse {
  const existing = { nodes: NODES, ...asked.existing }
  return review(request(kind, spec, asked), existing, {
    namespace: NAMESPACE,
    bgpType: asked.bgpType ?? 'frr'
  })
}

/** What a refusal does not say, of the words that it should; or what is said where nothing should be (`undefined`). */
export function refusalLacks(
  response: AdmissionResponse,
  words: readonly string[] | undefined
): readonly string[] {
  const { allowed, status, warnings } = response
  if (words === undefined) return allowed && warnings === undefined ? [] : [JSON.stringify(response)]
  if (allowed || status === undefined) return ['a refusal']
  return words.filter((word) => !status.message.includes(word)).map((word) => `${word} in: ${status.message}`)
}

export const pool = (name: string, ...addresses: readonly string[]) => object(name, { addresses })
export const PEER = { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1' }
export const inZone = (zone: string) => ({ nodeSelectors: [{ matchLabels: { zone } }] })
