import { type Json, type JsonObject, objectAt, stringAt } from './json.ts'
import { type TokenOwner, type Tokens } from './tokens.ts'

/** The resources that answer a question instead of storing an object. */
export function answerReview(
  plural: string,
  body: Json,
  tokens: Tokens,
  caller: TokenOwner
): JsonObject | undefined {
  const spec = objectAt(body, 'spec') ?? {}
  const authentication = {
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec
  }
  const authorization = { apiVersion: 'authorization.k8s.io/v1', metadata: { creationTimestamp: null }, spec }
  switch (plural) {
    case 'tokenreviews': {
      const owner = tokens.ownerOf(stringAt(spec, 'token') ?? '')
      const status =
        owner === undefined
          ? { authenticated: false, user: {}, error: 'invalid bearer token' }
          : { authenticated: true, user: formatUser(owner) }
      return { kind: 'TokenReview', ...authentication, status }
    }
    case 'selfsubjectreviews':
      return { kind: 'SelfSubjectReview', ...authentication, status: { userInfo: formatUser(caller) } }
    case 'subjectaccessreviews':
      return {
        kind: 'SubjectAccessReview',
        ...authorization,
        status: { allowed: true, reason: 'there is no RBAC here' }
      }
    case 'selfsubjectaccessreviews':
      return {
        kind: 'SelfSubjectAccessReview',
        ...authorization,
        status: { allowed: true, reason: 'there is no RBAC here' }
      }
    case 'selfsubjectrulesreviews': {
      const rule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
      return {
        kind: 'SelfSubjectRulesReview',
        ...authorization,
        status: {
          resourceRules: [rule],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          incomplete: false
        }
      }
    }
    default:
      return undefined
  }
}

function formatUser(owner: TokenOwner): JsonObject {
  return { username: owner.username, uid: owner.uid, groups: owner.groups }
}
