import { type JsonObject, type KubeObject } from '@clarion-lb/kube-sim'

/** Where the metallb.io objects of the tests are. */
export const NAMESPACE = 'metallb-system'

export function pool(name: string, addresses: readonly string[], spec: JsonObject = {}): KubeObject {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name, namespace: NAMESPACE },
    spec: { addresses, ...spec }
  }
}

/** Without a spec it announces all pools from all nodes. */
export function l2Advertisement(name: string, spec: JsonObject = {}): KubeObject {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name, namespace: NAMESPACE },
    spec
  }
}

/** Names a Service of the tests. */
export function serviceRef(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' } }
}

/** Of type LoadBalancer, port 80. */
export function service(name: string, spec: JsonObject = {}, metadata: JsonObject = {}): KubeObject {
  const ref = serviceRef(name)
  return {
    ...ref,
    metadata: { ...ref.metadata, ...metadata },
    spec: { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP' }], ...spec }
  }
}

/** Ready endpoints of a Service, one on each of these nodes. */
export function endpointSlice(of: string, nodes: readonly string[]): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${of}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    ports: [{ port: 8080 }],
    endpoints: nodes.map((nodeName, i) => ({
      nodeName,
      addresses: [`10.244.0.${i + 1}`],
      conditions: { ready: true }
    }))
  }
}

export function node(name: string, labels: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } }
}
