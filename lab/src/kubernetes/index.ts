/**
 * A real Kubernetes for tests: its programs built and kept, a control plane, and whole nodes.
 *
 * @packageDocumentation
 */
export { type ApiAnswer, type ApiRequest, askApi } from './api-request.ts'
export { type AuditedRequest, readAuditLog } from './audit-log.ts'
export { Authority, type Credentials, type Subject } from './authority.ts'
export { buildClarionImages } from './clarion-images.ts'
export { ClusterNode } from './cluster-node.ts'
export {
  ControlPlane,
  type ControlPlaneOptions,
  type ServiceAccount,
  startControlPlane
} from './control-plane.ts'
export { Daemon, DaemonError, type DaemonOptions } from './daemon.ts'
export { EtcdOperator } from './etcd.ts'
export {
  getPrograms,
  type Programs,
  type ProgramsPlan,
  type ProgramsRefusal,
  planPrograms
} from './get-programs.ts'
export { PAUSE_IMAGE, WEB_IMAGE } from './images.ts'
export { CLARION_NAMESPACE, InstalledClarion, type InstalledClarionOptions } from './installed-clarion.ts'
export { type Connection, formatKubeconfig } from './kubeconfig.ts'
export { Kubectl } from './kubectl.ts'
export { KubernetesCluster, type KubernetesClusterOptions } from './kubernetes-cluster.ts'
export { applyManifest, readManifests } from './manifests.ts'
export { getMetallbRelease, type MetallbRelease } from './metallb-release.ts'
export { type ProxyMode } from './node-files.ts'
export {
  CLUSTER_PROGRAMS,
  CONTROL_PLANE_PROGRAMS,
  KUBERNETES_VERSION,
  METALLB_PROGRAMS,
  METALLB_VERSION,
  type ProgramName
} from './programs.ts'
export { EXAMPLE_MANIFESTS, webManifests } from './web-manifests.ts'
