import { type CustomDefinition } from './crd-definition.ts'
import { arrayAt, isObject, type JsonObject, objectAt, stringAt, stringsAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'

interface Condition {
  readonly type: 'NamesAccepted' | 'Established' | 'Terminating'
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

/**
 * The status of a CustomResourceDefinition whose names are free, or taken.
 *
 * @param conflict What is taken, as in `"foo" is already in use`.
 */
export function definitionStatus(
  crd: KubeObject,
  definition: CustomDefinition,
  now: string,
  conflict: string | undefined
): KubeObject {
  const isAccepted = conflict === undefined
  const storage = definition.versions.find(({ isStorage }) => isStorage)?.name
  const stored = stringsAt(crd, 'status', 'storedVersions')
  const storedVersions = storage === undefined || stored.includes(storage) ? stored : [...stored, storage]
  const acceptedNames = isAccepted
    ? objectAt(crd, 'spec', 'names')
    : (objectAt(crd, 'status', 'acceptedNames') ?? { plural: '', kind: '' })
  const conditions: readonly Condition[] = isAccepted
    ? [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
        {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted'
        }
      ]
    : [
        { type: 'NamesAccepted', status: 'False', reason: 'NamesConflict', message: conflict },
        { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
      ]
  let all: readonly JsonObject[] = arrayAt(crd, 'status', 'conditions').filter(isObject)
  for (const condition of conditions) all = withCondition(all, condition, now)
  const status: JsonObject = { ...objectAt(crd, 'status'), conditions: all, acceptedNames, storedVersions }
  return { ...crd, status }
}

/** The definition with the condition that says it goes. */
export function terminatingStatus(crd: KubeObject, now: string): KubeObject {
  const condition: Condition = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message: 'CustomResource deletion is in progress'
  }
  const conditions = withCondition(arrayAt(crd, 'status', 'conditions').filter(isObject), condition, now)
  return { ...crd, status: { ...objectAt(crd, 'status'), conditions } }
}

/** Whether the resources of a definition are served. */
export function isEstablished(crd: KubeObject): boolean {
  return arrayAt(crd, 'status', 'conditions').some(
    (it) => stringAt(it, 'type') === 'Established' && stringAt(it, 'status') === 'True'
  )
}

/** Replaces a condition; its time changes only with its status. */
function withCondition(
  conditions: readonly JsonObject[],
  { type, status, reason, message }: Condition,
  now: string
): readonly JsonObject[] {
  const old = conditions.find((it) => it['type'] === type)
  const lastTransitionTime = old?.['status'] === status ? old['lastTransitionTime'] : now
  const wanted: JsonObject = { type, status, lastTransitionTime, reason, message }
  return old === undefined ? [...conditions, wanted] : conditions.map((it) => (it === old ? wanted : it))
}
