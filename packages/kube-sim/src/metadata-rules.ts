import { type FieldProblem } from './api-error.ts'
import { type KubeObject } from './kube-object.ts'
import { type ResourceType } from './resource-type.ts'

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

/** Checks a name: a DNS label for namespaces, one that starts with a letter for Services, a DNS subdomain for the others (RFC 1123 §2.1). */
export function validateName(type: ResourceType, name: string): readonly FieldProblem[] {
  if (name === '') {
    return [
      {
        type: 'FieldValueRequired',
        field: 'metadata.name',
        message: 'Required value: name or generateName is required'
      }
    ]
  }
  if (type.group === 'rbac.authorization.k8s.io') return []
  if (type.storage === '/services') return serviceNameProblems(name)
  const isLabel = type.storage === '/namespaces'
  const isValid = isLabel
    ? name.length <= 63 && DNS_LABEL.test(name)
    : name.length <= 253 && DNS_SUBDOMAIN.test(name)
  if (isValid) return []
  const rule = isLabel
    ? "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  return [
    {
      type: 'FieldValueInvalid',
      field: 'metadata.name',
      message: `Invalid value: ${JSON.stringify(name)}: ${rule}`
    }
  ]
}

/** RFC 1035 §2.3.1: unlike other labels it starts with a letter. */
function serviceNameProblems(name: string): readonly FieldProblem[] {
  if (name.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) return []
  const rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
  return [
    {
      type: 'FieldValueInvalid',
      field: 'metadata.name',
      message: `Invalid value: ${JSON.stringify(name)}: ${rule}`
    }
  ]
}

/** Checks labels and the keys of annotations. */
export function validateMetadata(object: KubeObject): readonly FieldProblem[] {
  const problems: FieldProblem[] = []
  const { labels = {}, annotations = {} } = object.metadata
  for (const [key, value] of Object.entries(labels)) {
    if (!isQualifiedName(key)) problems.push(invalid('metadata.labels', key))
    if (value.length > 63 || !LABEL_VALUE.test(value)) problems.push(invalid('metadata.labels', value))
  }
  for (const key of Object.keys(annotations)) {
    if (!isQualifiedName(key.toLowerCase())) problems.push(invalid('metadata.annotations', key))
  }
  return problems
}

/** An object that is being deleted cannot be held up any longer. */
export function newFinalizerProblems(object: KubeObject, current: KubeObject): readonly FieldProblem[] {
  if (current.metadata.deletionTimestamp === undefined) return []
  const before = new Set(current.metadata.finalizers)
  const added = (object.metadata.finalizers ?? []).filter((name) => !before.has(name))
  if (added.length === 0) return []
  const names = added.map((name) => JSON.stringify(name)).join(', ')
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${names}}`
  return [{ type: 'FieldValueForbidden', field: 'metadata.finalizers', message }]
}

function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/')
  const prefix = slash < 0 ? undefined : key.slice(0, slash)
  const name = key.slice(slash + 1)
  if (prefix !== undefined && (prefix.length > 253 || !DNS_SUBDOMAIN.test(prefix))) return false
  return name.length <= 63 && QUALIFIED_NAME.test(name)
}

function invalid(field: string, value: string): FieldProblem {
  return { type: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}` }
}
