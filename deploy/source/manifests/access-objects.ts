import { type Accesses, CONTROLLER_ACCESSES, type Rule, rulesOf, SPEAKER_ACCESSES } from '../rbac.ts'
import { LABELS, type ManifestObject, metadata, NAMESPACE } from './objects.ts'

const API = 'rbac.authorization.k8s.io'

/** ServiceAccounts, roles and bindings of both binaries. */
export function accessObjects(): readonly ManifestObject[] {
  return [...accessOf('controller', CONTROLLER_ACCESSES), ...accessOf('speaker', SPEAKER_ACCESSES)]
}

function accessOf(
  component: 'controller' | 'speaker',
  { cluster, namespace }: Accesses
): readonly ManifestObject[] {
  const clusterName = `${NAMESPACE}:${component}`
  const subjects = [{ kind: 'ServiceAccount', name: component, namespace: NAMESPACE }]
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(component) },
    {
      apiVersion: `${API}/v1`,
      kind: 'ClusterRole',
      metadata: { name: clusterName, labels: LABELS },
      rules: rulesOf(cluster)
    },
    {
      apiVersion: `${API}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: clusterName, labels: LABELS },
      roleRef: { apiGroup: API, kind: 'ClusterRole', name: clusterName },
      subjects
    },
    {
      apiVersion: `${API}/v1`,
      kind: 'Role',
      metadata: metadata(component),
      rules: rulesOf(namespace) satisfies readonly Rule[]
    },
    {
      apiVersion: `${API}/v1`,
      kind: 'RoleBinding',
      metadata: metadata(component),
      roleRef: { apiGroup: API, kind: 'Role', name: component },
      subjects
    }
  ]
}
