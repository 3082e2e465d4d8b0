import {
  DONE,
  Informer,
  KubeClient,
  keyOf,
  parseKubeContext,
  ReconcileLoop,
  SERVICES,
  StatusWriter
} from '@clarion-lb/k8s-watch'
import { KubeSim } from '@clarion-lb/kube-sim'

// Any API server will do; in a pod, or with a kubeconfig: await KubeClient.load()
const sim = new KubeSim()
await sim.start()
const client = new KubeClient(await parseKubeContext(sim.kubeconfig()))

const services = new Informer({ client, resource: SERVICES })
const status = new StatusWriter({ client, resource: SERVICES })
const loadBalancer = { ingress: [{ ip: '192.0.2.10', ipMode: 'VIP' }] }
const loop = new ReconcileLoop({
  reconcile: async (key, signal) => {
    const service = services.cache.get(key)
    if (service?.spec?.type !== 'LoadBalancer') return DONE
    const result = await status.write(service, (seen) => ({ ...seen, status: { loadBalancer } }), signal)
    console.log(key.name, result.type)
    if (result.type === 'unchanged') void loop.stop()
    return DONE
  },
  onError: (key, error, { retryMs }) => console.error(key.name, error, retryMs)
})
services.onChange(({ object }) => loop.enqueue(keyOf(object)))
services.start()

const metadata = { namespace: 'default', name: 'web' }
await client.create(SERVICES, { metadata, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } })
await loop.run()
// prints: web written
// prints: web unchanged

await services.stop()
client.close()
await sim.stop()
