import { randomUUID } from 'node:crypto'
import { ApiError } from './api-error.ts'
import { arrayAt, isObject, type JsonObject, numberAt, parseJson, stringAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { type Registry } from './registry.ts'
import { type ResourceHandler } from './resource-handler.ts'
import { type ResourceRequest } from './resource-request.ts'
import { type Store } from './store.ts'
import { type TokenOwner } from './tokens.ts'
import { callWebhook, findTarget } from './webhook-call.ts'
import { type ReviewVerdict, readVerdict, versionFor } from './webhook-rules.ts'
import { type PlannedWrite, planWrite } from './write-plan.ts'

const CONFIGURATIONS = 'admissionregistration.k8s.io/validatingwebhookconfigurations'
const NOT_REVIEWED = new Set(['admissionregistration.k8s.io', 'apiextensions.k8s.io'])

export interface ValidatingWebhooksParts {
  readonly store: Store
  readonly registry: Registry
  readonly resources: Pick<ResourceHandler, 'handle'>
}

/** Asks the webhooks that ValidatingWebhookConfigurations name, one after the other. */
export class ValidatingWebhooks {
  readonly #store: Store
  readonly #registry: Registry
  readonly #resources: Pick<ResourceHandler, 'handle'>

  constructor({ store, registry, resources }: ValidatingWebhooksParts) {
    this.#store = store
    this.#registry = registry
    this.#resources = resources
  }

  /**
   * Asks about a request before it is done. What it does is found out by a dry run; others may write before it is done
   * itself.
   *
   * @throws {@link ApiError} of the first webhook that denies the write, or that fails with failurePolicy Fail
   */
  async review(request: ResourceRequest, caller: TokenOwner): Promise<void> {
    const { type, path, warn } = request
    if (NOT_REVIEWED.has(type.group) || this.#store.count(CONFIGURATIONS) === 0) return
    const write = planWrite(request, this.#store, this.#resources)
    if (write === undefined) return
    const facts = {
      group: type.group,
      version: type.version,
      resource: path.subresource === undefined ? type.plural : `${type.plural}/${path.subresource}`,
      operation: write.operation,
      served: this.#registry.all.filter(({ storage }) => storage === type.storage).map((it) => it.version)
    }
    for (const { object } of this.#store.list(CONFIGURATIONS)) {
      for (const webhook of arrayAt(object, 'webhooks')) {
        const version = isObject(webhook) ? versionFor(webhook, facts) : undefined
        if (!isObject(webhook) || version === undefined) continue
        await this.#ask(webhook, reviewOf(write, version, caller), warn)
      }
    }
  }

  async #ask(webhook: JsonObject, request: JsonObject, warn: (text: string) => void): Promise<void> {
    const name = stringAt(webhook, 'name') ?? ''
    let verdict: ReviewVerdict
    try {
      verdict = await this.#call(webhook, request)
    } catch (error) {
      if (stringAt(webhook, 'failurePolicy') === 'Ignore') return
      const why = error instanceof Error ? error.message : String(error)
      throw new ApiError(
        'InternalError',
        `Internal error occurred: failed calling webhook "${name}": failed to call webhook: ${why}`
      )
    }
    for (const text of verdict.warnings) warn(text)
    if (verdict.isAllowed) return
    const message = verdict.message === '' ? ' without explanation' : `: ${verdict.message}`
    throw new ApiError('Forbidden', `admission webhook "${name}" denied the request${message}`)
  }

  async #call(webhook: JsonObject, request: JsonObject): Promise<ReviewVerdict> {
    const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request }
    const timeoutMs = (numberAt(webhook, 'timeoutSeconds') ?? 10) * 1000
    const answer = await callWebhook(findTarget(this.#store, webhook), review, timeoutMs)
    const verdict = readVerdict(parseJson(answer), stringAt(request, 'uid') ?? '')
    if (verdict === undefined) throw new Error('expected response.uid, and response.allowed')
    return verdict
  }
}

function reviewOf(write: PlannedWrite, version: string, caller: TokenOwner): JsonObject {
  const { type, subresource, operation, object, oldObject, isDryRun } = write
  const { group, kind, plural } = type
  const { name = '', namespace } = (object ?? oldObject)?.metadata ?? {}
  // Versions of a custom resource differ by name only.
  const as = (one: KubeObject | undefined): KubeObject | null =>
    one === undefined ? null : { ...one, apiVersion: group === '' ? version : `${group}/${version}` }
  const resource = { group, version, resource: plural }
  return {
    uid: randomUUID(),
    kind: { group, version, kind },
    resource,
    ...(subresource === undefined ? {} : { subResource: subresource }),
    requestKind: { group, version: type.version, kind },
    requestResource: { ...resource, version: type.version },
    name,
    ...(namespace === undefined ? {} : { namespace }),
    operation,
    userInfo: { username: caller.username, uid: caller.uid, groups: caller.groups },
    object: as(object),
    oldObject: as(oldObject),
    dryRun: isDryRun,
    options: null
  }
}
