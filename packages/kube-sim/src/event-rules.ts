import { ApiError, type FieldProblem } from './api-error.ts'
import { stringAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { type Strategy } from './resource-type.ts'
import { invalid, required } from './service-problems.ts'

/** Where events of things without a namespace go. */
const COMMON_NAMESPACES: readonly string[] = ['default', 'kube-system']

/** Core `v1` Events, in which all are stored. */
export const EVENT_STRATEGY: Strategy = {
  create: (event, { type }) => {
    const problems = [...namespaceProblems(event), ...newStyleProblems(event)]
    if (problems.length > 0) throw ApiError.invalid(type, event.metadata.name, problems)
    return withDefaults(event)
  },
  update: (event) => withDefaults(event)
}

function withDefaults(event: KubeObject): KubeObject {
  return { eventTime: null, reportingComponent: '', reportingInstance: '', ...event }
}

function namespaceProblems({ metadata, involvedObject }: KubeObject): readonly FieldProblem[] {
  const field = 'involvedObject.namespace'
  const involved = stringAt(involvedObject ?? {}, 'namespace') ?? ''
  const namespace = metadata.namespace ?? ''
  if (involved === '')
    return COMMON_NAMESPACES.includes(namespace)
      ? []
      : [invalid(field, involved, 'does not match event.namespace')]
  return involved === namespace ? [] : [invalid(field, involved, 'does not match event.namespace')]
}

/** An event with a time in microseconds is one of the newer kind, and says who reports it. */
function newStyleProblems(event: KubeObject): readonly FieldProblem[] {
  if (typeof event['eventTime'] !== 'string') return []
  const isMissing = (name: string): boolean => (stringAt(event, name) ?? '') === ''
  const component = 'reportingComponent'
  return [
    ...(isMissing(component)
      ? [
          required(component),
          invalid(component, '', 'name part must be non-empty'),
          invalid(component, '', 'name part must consist of alphanumeric characters')
        ]
      : []),
    ...['reportingInstance', 'action', 'reason'].filter(isMissing).map(required)
  ]
}
