// What a node has besides the speaker: stand-ins for the kubelet (its Node, its heartbeat), for kube-proxy (nftables)
// and one backend. Runs inside the node's network namespace.
import { parseArgs } from 'node:util'
import { connectApi } from '../api.ts'
import { run } from '../shell.ts'
import { Backend } from './backend.ts'
import { Heartbeat } from './heartbeat.ts'
import { buildNftRules } from './nft-rules.ts'
import { collectProxiedPorts, type ProxiedService, type ProxiedSlice } from './proxied-ports.ts'

const BACKEND_PORT = 8080

const { values } = parseArgs({
  options: {
    node: { type: 'string' },
    kubeconfig: { type: 'string' },
    pod: { type: 'string', multiple: true }
  }
})
const { node: nodeName, kubeconfig, pod: podAddresses = [] } = values
if (nodeName === undefined || kubeconfig === undefined)
  throw new Error('--node and --kubeconfig are required')

const abort = new AbortController()
const api = connectApi(kubeconfig)
const backend = new Backend({ nodeName, addresses: podAddresses, port: BACKEND_PORT })
const heartbeat = new Heartbeat({ api, nodeName })

let services: Iterable<ProxiedService> = []
let slices: Iterable<ProxiedSlice> = []
let applied = ''
let applying = Promise.resolve()

/** One `nft` at a time; what changes meanwhile is in the next one. */
function proxy(): void {
  applying = applying.then(async () => {
    const rules = buildNftRules(collectProxiedPorts(services, slices), nodeName ?? '')
    if (rules === applied) return
    await run('nft', ['-f', '-'], rules)
    applied = rules
  })
  applying.catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
}

async function stop(): Promise<void> {
  abort.abort()
  await backend.stop()
  process.exit(0)
}
/** The speaker's health endpoint is on this namespace's loopback: only from here can it be asked. */
async function probeSpeaker(): Promise<void> {
  const response = await fetch('http://127.0.0.1:17472/readyz').catch(() => undefined)
  if (response?.ok === true) process.send?.({ type: 'speakerReady' })
}
process.on('message', () => void probeSpeaker())
process.on('SIGTERM', () => void stop())
process.on('disconnect', () => void stop())

await backend.start()
await Promise.all([
  heartbeat.start(abort.signal),
  api.watch<ProxiedService>('services', abort.signal, (objects) => {
    services = objects
    proxy()
  }),
  api.watch<ProxiedSlice>('endpointslices', abort.signal, (objects) => {
    slices = objects
    proxy()
  })
])
process.send?.({ type: 'ready' })
