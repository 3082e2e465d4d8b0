import { ApiError, type FieldProblem } from './api-error.ts'
import { type JsonObject, numberAt, objectAt, stringAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { type Strategy } from './resource-type.ts'
import { invalid } from './service-problems.ts'

/** Microseconds, all six digits of them (`metav1.MicroTime`). */
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/

/** Leases as the API server wants them. */
export const LEASE_STRATEGY: Strategy = {
  create: (lease, { type }) => checked(lease, type),
  update: (lease, _old, { type }) => checked(lease, type)
}

function checked(lease: KubeObject, type: Parameters<typeof ApiError.invalid>[0]): KubeObject {
  const spec = objectAt(lease, 'spec') ?? {}
  for (const name of ['acquireTime', 'renewTime']) {
    const time = stringAt(spec, name)
    if (time !== undefined && !MICRO_TIME.test(time))
      throw ApiError.badRequest(
        `Lease in version "v1" cannot be handled as a Lease: parsing time ${JSON.stringify(time)} as "2006-01-02T15:04:05.000000Z07:00"`
      )
  }
  const problems = [...durationProblems(spec), ...transitionProblems(spec)]
  if (problems.length > 0) throw ApiError.invalid(type, lease.metadata.name, problems)
  return lease
}

function durationProblems(spec: JsonObject): readonly FieldProblem[] {
  const seconds = numberAt(spec, 'leaseDurationSeconds')
  if (seconds === undefined || seconds > 0) return []
  return [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
}

function transitionProblems(spec: JsonObject): readonly FieldProblem[] {
  const count = numberAt(spec, 'leaseTransitions')
  if (count === undefined || count >= 0) return []
  return [invalid('spec.leaseTransitions', count, 'must be greater than or equal to 0')]
}
