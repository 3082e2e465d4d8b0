import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { buildCrdManifests } from '../../packages/crds/src/index.ts'
import { dockerfile } from './images/dockerfile.ts'
import { REPOSITORY } from './images/image.ts'
import { readNodePin } from './images/sources.ts'
import { parseObject, textAt } from './json.ts'
import { accessObjects } from './manifests/access-objects.ts'
import { networkPolicies } from './manifests/network-policies.ts'
import { type ManifestObject, NAMESPACE, namespaceObject, WEBHOOK } from './manifests/objects.ts'
import { webhookObjects } from './manifests/webhooks.ts'
import { excludedInterfacesText, workloadObjects } from './manifests/workloads.ts'
import { dashboard } from './monitoring/dashboard.ts'
import { prometheusObjects, ruleGroups } from './monitoring/prometheus.ts'
import { CONTROLLER_ACCESSES, rulesOf, SPEAKER_ACCESSES } from './rbac.ts'

const HEADER = '# Made by `npm run generate`; what is changed here is lost.\n'

/** The parts of an installation, each a file of the kustomize base. */
export function baseParts(root: string): Readonly<Record<string, readonly ManifestObject[]>> {
  const images = { controller: imageOf(root, 'controller'), speaker: imageOf(root, 'speaker') }
  return {
    namespace: [namespaceObject()],
    crds: crdObjects(),
    rbac: accessObjects(),
    webhooks: webhookObjects(),
    workloads: workloadObjects(images)
  }
}

/** Everything under `deploy/` that is generated: text by path from there. @param root directory of the repository */
export function generatedFiles(root: string): Readonly<Record<string, string>> {
  const parts = baseParts(root)
  const native = Object.values(parts).flat()
  const monitoring = prometheusObjects()
  const dashboardText = `${JSON.stringify(dashboard(), undefined, 2)}\n`
  return {
    'manifests/clarion-native.yaml': yamlOf(native),
    'manifests/clarion-native-prometheus.yaml': yamlOf([...native, ...monitoring]),
    ...Object.fromEntries(
      Object.entries(parts).map(([name, objects]) => [`kustomize/base/${name}.yaml`, yamlOf(objects)])
    ),
    'kustomize/base/kustomization.yaml': kustomization('Kustomization', Object.keys(parts)),
    'kustomize/components/network-policies/network-policies.yaml': yamlOf(networkPolicies()),
    'kustomize/components/network-policies/kustomization.yaml': kustomization('Component', [
      'network-policies'
    ]),
    'kustomize/components/prometheus/prometheus.yaml': yamlOf(monitoring),
    'kustomize/components/prometheus/kustomization.yaml': kustomization('Component', ['prometheus']),
    'images/Dockerfile': dockerfile(root, readNodePin({ root }, 'amd64').version),
    'monitoring/clarion-dashboard.json': dashboardText,
    'charts/clarion/files/dashboard.json': dashboardText,
    'charts/clarion/files/excludel2.yaml': excludedInterfacesText(),
    'charts/clarion/files/webhooks.yaml': yamlOf(parts['webhooks'] ?? []),
    'charts/clarion/files/crds.yaml': yamlOf(crdObjects()),
    'charts/clarion/files/rules.yaml': `${HEADER}${yaml({
      controller: rights(CONTROLLER_ACCESSES),
      speaker: rights(SPEAKER_ACCESSES)
    })}`,
    'charts/clarion/files/alerts.yaml': `${HEADER}${yaml({ groups: ruleGroups() })}`
  }
}

function crdObjects(): readonly ManifestObject[] {
  const conversionWebhook = { serviceName: WEBHOOK.service, namespace: NAMESPACE }
  return buildCrdManifests({ conversionWebhook }).map((definition) => ({ ...definition }))
}

function imageOf(root: string, component: string): string {
  const file = join(root, 'apps', component, 'package.json')
  return `${REPOSITORY}/${component}:v${textAt(parseObject(readFileSync(file, 'utf8')), 'version') ?? ''}`
}

function rights({ cluster, namespace }: typeof CONTROLLER_ACCESSES): object {
  return { cluster: rulesOf(cluster), namespace: rulesOf(namespace) }
}

function kustomization(kind: 'Kustomization' | 'Component', parts: readonly string[]): string {
  const version = kind === 'Component' ? 'v1alpha1' : 'v1beta1'
  return `${HEADER}${yaml({
    apiVersion: `kustomize.config.k8s.io/${version}`,
    kind,
    resources: parts.map((name) => `${name}.yaml`)
  })}`
}

function yamlOf(objects: readonly ManifestObject[]): string {
  return HEADER + objects.map((object) => `---\n${yaml(object)}`).join('')
}

function yaml(value: object): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 })
}
