import { list, map, object, required, text } from '../schema.ts'

const expressions = (minItems?: number) =>
  list(
    'Requirements on labels; all of them must be met.',
    object('One requirement on a label.', {
      key: required(text('The label that is looked at.')),
      operator: required(text('How it is compared: In, NotIn, Exists or DoesNotExist.')),
      values: list(
        'The values to compare with: at least one for In and NotIn, none for the others.',
        text('A value of the label.'),
        {
          'x-kubernetes-list-type': 'atomic',
          ...(minItems === undefined ? {} : { minItems })
        }
      )
    }),
    { 'x-kubernetes-list-type': 'atomic' }
  )

/** `metav1.LabelSelector`. */
export const labelSelector = object(
  'Selects objects by their labels. An empty selector selects all of them.',
  {
    matchExpressions: expressions(),
    matchLabels: map('Labels that must have exactly these values.', text('The value of the label.'))
  },
  { 'x-kubernetes-map-type': 'atomic' }
)

export const labelSelectors = (description: string) => list(description, labelSelector)

export const names = (description: string, what: string) => list(description, text(what))

/** The metadata of an object, as far as anything here reads it. */
export interface ObjectMeta {
  readonly name?: string
  readonly generateName?: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  /** RFC 3339. */
  readonly creationTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
}

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** A Kubernetes object of one of our kinds. */
export interface Resource<Spec, Status = Record<string, never>> {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: ObjectMeta
  readonly spec?: Spec
  readonly status?: Status
}
