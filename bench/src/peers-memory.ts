import { join } from 'node:path'
import { NODES } from '@clarion-lb/k8s-watch'
import { LabProcess, run } from '@clarion-lb/lab'
import { startApiServer } from './api-server.ts'
import {
  CLUSTER_ASN,
  createAdvertisedPool,
  createEndpoint,
  createRouters,
  createService
} from './bgp-resources.ts'
import { createController, createSpeaker } from './binaries.ts'
import { inParallel } from './in-parallel.ts'
import { HOST, INSIDE, NODE, plugNode, unplugNode } from './node.ts'
import { costOf } from './process-cost.ts'
import { atMost, type Figure } from './result.ts'
import type { RouteSinksOptions } from './route-sinks.ts'

const SERVICES = 1000
const PEERS = 8
const PORT = 1790
/** 150 MB. */
const LIMIT_MIB = 143
const TIMEOUT_MS = 120_000

/** The whole speaker, with Services that it advertises to several routers. */
export async function measureSpeakerMemory(): Promise<readonly Figure[]> {
  await plugNode()
  const server = await startApiServer(HOST)
  const routers = Array.from({ length: PEERS }, (_, i) => ({
    name: `router-${i}`,
    address: `192.168.77.${100 + i}`,
    port: PORT
  }))
  for (const { address } of routers) await run('ip', ['addr', 'add', `${address}/24`, 'dev', 'tap0'])
  const options: RouteSinksOptions = {
    asn: CLUSTER_ASN.router,
    peerAsn: CLUSTER_ASN.speaker,
    sinks: routers.map(({ address }) => ({ address, port: PORT, peer: NODE.address }))
  }
  const sinks = new LabProcess({
    name: 'route-sinks',
    script: join(import.meta.dirname, 'route-sinks.js'),
    args: [JSON.stringify(options)],
    logFile: join(server.directory, 'route-sinks.log')
  })
  const controller = createController(server)
  const speaker = createSpeaker(server, NODE.name, INSIDE)
  try {
    sinks.start()
    await sinks.waitFor(isOf('ready'), TIMEOUT_MS)
    const received = sinks.waitFor(isOf('received'), TIMEOUT_MS)
    sinks.send({ type: 'tellWhen', received: SERVICES })
    const { client } = server
    await client.create(NODES, { metadata: { name: NODE.name } })
    await createAdvertisedPool(client, 'all', { addresses: ['10.77.0.0/20'], autoAssign: true })
    await createRouters(client, routers)
    controller.start()
    speaker.start()
    await inParallel(SERVICES, 16, async (i) => {
      await createEndpoint(client, `service-${i}`, NODE.name)
      await createService(client, `service-${i}`)
    })
    await received
    const { peakMiB } = await costOf(speaker.pid ?? -1)
    const what = `the speaker, ${SERVICES} Services × ${PEERS} peers: peak memory`
    return [atMost(what, Math.round(peakMiB), LIMIT_MIB, 'MiB')]
  } finally {
    await Promise.all([controller.stop(), speaker.stop(), sinks.stop()])
    await server.stop()
    await unplugNode()
  }
}

function isOf(type: string): (said: unknown) => boolean {
  return (said) => typeof said === 'object' && said !== null && 'type' in said && said.type === type
}
