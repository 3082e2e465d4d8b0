import { type FieldProblem } from './api-error.ts'
import { type Json, type JsonDraft, stringAt } from './json.ts'
import { invalid } from './service-problems.ts'
import {
  clusterIpsOf,
  familiesOf,
  familyOf,
  hasSelector,
  isHeadless,
  isSame,
  needsClusterIp,
  type ServiceSpec
} from './service-spec.ts'
import { clusterIpProblems } from './service-validation.ts'

/** A spec with its families, or why there is none. */
export interface FamilyResult {
  readonly spec: ServiceSpec
  readonly problems: readonly FieldProblem[]
}

/**
 * Decides `ipFamilyPolicy` and `ipFamilies`.
 *
 * @param configured The families that the cluster has, the default one first.
 */
export function decideFamilies(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  configured: readonly string[]
): FamilyResult {
  if (!needsClusterIp(spec) || isSettledPreference(spec, old)) return { spec, problems: [] }
  const policy = policyOf(spec, old)
  const loose = clusterIpProblems({ ...spec, ipFamilyPolicy: policy })
  if (loose.length > 0) return { spec, problems: loose }
  const wanted =
    old === undefined
      ? { ...spec, ipFamilyPolicy: policy }
      : releaseSecondary({ ...spec, ipFamilyPolicy: policy }, old)
  const problems = [...(old === undefined ? [] : reductionProblems(wanted, old)), ...policyProblems(wanted)]
  const families = [...familiesOf(wanted)]
  for (const [index, address] of clusterIpsOf(wanted).entries()) {
    const family = familyOf(address)
    if (family === undefined || index < families.length) continue
    if (configured.includes(family)) families.push(family)
    else
      problems.push(
        invalid(
          `spec.clusterIPs[${index}]`,
          clusterIpsOf(wanted),
          `${family} is not configured on this cluster`
        )
      )
  }
  if (problems.length > 0) return { spec, problems }
  return completeFamilies(wanted, families, configured)
}

function completeFamilies(
  spec: ServiceSpec,
  families: readonly string[],
  configured: readonly string[]
): FamilyResult {
  const isFree = isHeadless(spec) && !hasSelector(spec)
  const policy = stringAt(spec, 'ipFamilyPolicy')
  const problems: FieldProblem[] = []
  if (!isFree) {
    if (policy === 'RequireDualStack' && configured.length < 2) {
      problems.push(
        invalid('spec.ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services')
      )
    }
    for (const [index, family] of families.entries()) {
      if (!configured.includes(family))
        problems.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
    }
  }
  if (problems.length > 0) return { spec, problems }
  const chosen = families.length === 0 ? configured.slice(0, 1) : families
  const canHaveBoth = isFree || configured.length === 2
  const other = chosen[0] === 'IPv4' ? 'IPv6' : 'IPv4'
  const ipFamilies =
    policy !== 'SingleStack' && chosen.length === 1 && canHaveBoth ? [...chosen, other] : chosen
  return { spec: { ...spec, ipFamilies }, problems: [] }
}

/** A Service that prefers two families is not changed because the cluster has got or lost one. */
function isSettledPreference(spec: ServiceSpec, old: ServiceSpec | undefined): boolean {
  if (old === undefined || stringAt(spec, 'ipFamilyPolicy') !== 'PreferDualStack') return false
  return (
    isSame(spec, old, 'ipFamilyPolicy') && isSame(spec, old, 'clusterIPs') && isSame(spec, old, 'ipFamilies')
  )
}

function policyOf(spec: ServiceSpec, old: ServiceSpec | undefined): string {
  const given = stringAt(spec, 'ipFamilyPolicy') ?? stringAt(old, 'ipFamilyPolicy')
  if (given !== undefined) return given
  return isHeadless(spec) && !hasSelector(spec) ? 'RequireDualStack' : 'SingleStack'
}

/** `SingleStack` says clearly enough that the second address and family shall go. */
function releaseSecondary(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  if (stringAt(spec, 'ipFamilyPolicy') !== 'SingleStack') return spec
  const result: JsonDraft = { ...spec }
  for (const field of ['clusterIPs', 'ipFamilies']) {
    const value: Json | undefined = spec[field]
    if (Array.isArray(value) && value.length > 1 && isSame(spec, old, field))
      result[field] = value.slice(0, 1)
  }
  return result
}

function reductionProblems(spec: ServiceSpec, old: ServiceSpec): FieldProblem[] {
  const policy = stringAt(spec, 'ipFamilyPolicy') ?? ''
  if (policy === 'SingleStack') return []
  const problems: FieldProblem[] = []
  const isReduced = (before: readonly string[], after: readonly string[]): boolean =>
    before.length === 2 && after.length === 1 && before[0] === after[0]
  if (isReduced(clusterIpsOf(old), clusterIpsOf(spec)))
    problems.push(
      invalid('spec.ipFamilyPolicy', policy, "must be 'SingleStack' to release the secondary cluster IP")
    )
  if (isReduced(familiesOf(old), familiesOf(spec)))
    problems.push(
      invalid('spec.ipFamilyPolicy', policy, "must be 'SingleStack' to release the secondary IP family")
    )
  return problems
}

function policyProblems(spec: ServiceSpec): readonly FieldProblem[] {
  const policy = stringAt(spec, 'ipFamilyPolicy') ?? ''
  if (policy !== 'SingleStack') return []
  const problems: FieldProblem[] = []
  const need = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
  if (clusterIpsOf(spec).length === 2)
    problems.push(invalid('spec.ipFamilyPolicy', policy, `${need} cluster IPs are specified`))
  if (familiesOf(spec).length === 2)
    problems.push(invalid('spec.ipFamilyPolicy', policy, `${need} IP families are specified`))
  return problems
}
