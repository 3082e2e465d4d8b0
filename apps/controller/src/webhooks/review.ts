import { buildConfig, type ConfigResources, formatProblem, type Problem } from '@clarion-lb/config'
import type { AdmissionRequest, AdmissionResponse } from './admission-review.ts'
import { isReviewedKind, type ReviewedKind, withCandidate } from './candidate.ts'
import type { ExistingObjects } from './existing-objects.ts'
import { fieldOf, isRecord, textOf } from './json.ts'
import { warnOfChange } from './review-changes.ts'
import { blank, blankAll } from './transient-references.ts'

export interface ReviewContext {
  /** Where the objects are read from. */
  readonly namespace: string
  /** `METALLB_BGP_TYPE`: what is legal in MetalLB depends on it. */
  readonly bgpType: string
}

/** What speaks against a request, and what should be said to whoever made it. */
interface Findings {
  readonly refusals: readonly Refusal[]
  readonly warnings: readonly string[]
}

type Refusal = Pick<Problem, 'field' | 'message'> & { readonly text: string }

const MAX_REFUSALS = 10
const MAX_WARNINGS = 10
/** The API server cuts longer ones, if there are many (RFC 7234 §5.5 has no bound). */
const MAX_WARNING_CHARACTERS = 250

/**
 * Answers whether an object may be written. Refused is what MetalLB's webhooks refuse; what cannot be used here and
 * passes there, or is legal and surely not meant, is warned of. What was wrong before the change does not stand in its way.
 */
export function review(
  request: AdmissionRequest,
  existing: ExistingObjects,
  context: ReviewContext
): AdmissionResponse {
  const { refusals, warnings } = findingsOf(request, existing, context)
  const shown = shortened(warnings.map(asWarning), MAX_WARNINGS)
  return {
    uid: request.uid,
    allowed: refusals.length === 0,
    ...(shown.length === 0 ? {} : { warnings: shown }),
    ...(refusals.length === 0 ? {} : { status: statusOf(request, refusals) })
  }
}

const NOTHING: Findings = { refusals: [], warnings: [] }

function findingsOf(
  request: AdmissionRequest,
  existing: ExistingObjects,
  { namespace, bgpType }: ReviewContext
): Findings {
  const { kind, operation, subResource } = request
  if (!isReviewedKind(kind) || subResource !== '') return NOTHING
  if (operation === 'DELETE') return request.namespace === namespace ? ofDeletion(request, existing) : NOTHING
  if (operation !== 'CREATE' && operation !== 'UPDATE') return NOTHING
  // Whoever takes the finalizers off an object that goes is not to be kept from it.
  if (textOf(fieldOf(request.object, 'metadata'), 'deletionTimestamp') !== '') return NOTHING
  if (request.namespace !== namespace) return ofForeignNamespace(request, namespace)
  return ofWrite(request, kind, existing, bgpType)
}

function ofForeignNamespace(request: AdmissionRequest, namespace: string): Findings {
  const message = `objects are read in namespace ${namespace} only`
  const text = `${subjectOf(request)}: metadata.namespace ${request.namespace}: ${message}; create it there`
  return request.operation === 'CREATE'
    ? { refusals: [{ field: 'metadata.namespace', message, text }], warnings: [] }
    : { refusals: [], warnings: [text] }
}

function ofDeletion(request: AdmissionRequest, { bgpPeers = [] }: ExistingObjects): Findings {
  if (request.kind !== 'BFDProfile') return NOTHING
  const users = bgpPeers.filter(({ spec }) => spec?.bfdProfile === request.name)
  if (users.length === 0) return NOTHING
  const names = shortened(
    users.map(({ metadata }) => metadata?.name ?? ''),
    MAX_REFUSALS
  ).join(', ')
  const message = `BGPPeer ${names} uses it`
  const text = `${subjectOf(request)}: ${message}; change spec.bfdProfile there first`
  return { refusals: [{ field: 'metadata.name', message, text }], warnings: [] }
}

function ofWrite(
  request: AdmissionRequest,
  kind: ReviewedKind,
  existing: ExistingObjects,
  bgpType: string
): Findings {
  const refusals = compare(
    { ...request, object: blank(request.object), oldObject: blank(request.oldObject) },
    kind,
    blankAll(existing)
  )
    .filter(({ problem, isNew }) => isNew && problem.kind === kind && isRefused(problem, bgpType))
    .map(({ problem }) => ({ ...problem, text: formatProblem(problem) }))
  const refused = new Set(refusals.map(({ text }) => text))
  const own: string[] = []
  const ofOthers: string[] = []
  for (const { problem, isOwn } of compare(request, kind, existing)) {
    const text = formatProblem(problem)
    if (refused.has(text)) continue
    // Nobody could look.
    if (existing.secrets === undefined && problem.field.startsWith('spec.passwordSecret')) continue
    const list = isOwn ? own : ofOthers
    list.push(problem.severity === 'error' ? `cannot be used: ${text}` : text)
  }
  // What would become of others, if it were written, does not matter then.
  if (refusals.length > 0) return { refusals, warnings: own }
  return { refusals, warnings: [...own, ...warnOfChange(request, existing), ...ofOthers] }
}

interface Difference {
  readonly problem: Problem
  /** Of the object that is written. */
  readonly isOwn: boolean
  /** It was not there before. */
  readonly isNew: boolean
}

/** What is wrong with the object, and what becomes wrong with others by it. */
function compare(
  { name, object, oldObject }: AdmissionRequest,
  kind: ReviewedKind,
  resources: ConfigResources
): readonly Difference[] {
  const before = buildConfig(withCandidate(resources, kind, name, oldObject))
  const after = buildConfig(withCandidate(resources, kind, name, object))
  const known = new Set(before.problems.map(identityOf))
  return after.problems
    .map((problem) => ({
      problem,
      isOwn: problem.kind === kind && problem.name === name,
      isNew: !known.has(identityOf(problem))
    }))
    .filter(({ isOwn, isNew }) => isOwn || isNew)
}

function isRefused({ severity, acceptedBy }: Problem, bgpType: string): boolean {
  if (severity !== 'error' || acceptedBy === 'metallb') return false
  return acceptedBy !== 'metallb-native' || bgpType !== 'native'
}

function identityOf({ severity, kind, name, field, value, message }: Problem): string {
  return JSON.stringify([severity, kind, name, field, value, message])
}

function subjectOf({ kind, namespace, name }: AdmissionRequest): string {
  return `${kind} ${namespace}/${name}`
}

function statusOf(
  { kind, name }: AdmissionRequest,
  refusals: readonly Refusal[]
): NonNullable<AdmissionResponse['status']> {
  return {
    code: 403,
    reason: 'Forbidden',
    message: shortened(
      refusals.map(({ text }) => text),
      MAX_REFUSALS
    ).join('\n'),
    details: {
      kind,
      name,
      causes: refusals.slice(0, MAX_REFUSALS).map(({ field, message }) => ({ field, message }))
    }
  }
}

/** What goes into an HTTP header has one line, and no control characters. */
function asWarning(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ')
  return line.length > MAX_WARNING_CHARACTERS ? `${line.slice(0, MAX_WARNING_CHARACTERS)}…` : line
}

function shortened(texts: readonly string[], max: number): readonly string[] {
  const unique = [...new Set(texts)]
  return unique.length <= max ? unique : [...unique.slice(0, max), `and ${unique.length - max} more`]
}

/** Why the object of a request cannot be looked at at all; `undefined`: it can. */
export function unreadableBecause(request: AdmissionRequest, kind: ReviewedKind): string | undefined {
  if (request.kind !== kind) return `${request.kind} came to where ${kind} is reviewed`
  const isWrite = request.operation === 'CREATE' || request.operation === 'UPDATE'
  return isWrite && !isRecord(request.object) ? 'request.object is missing' : undefined
}
