import { KubeClient, parseKubeContext } from '@clarion-lb/k8s-watch'
import { KubeSim } from '@clarion-lb/kube-sim'
import {
  CONTROL_PLANE_PROGRAMS,
  type Connection,
  formatKubeconfig,
  getPrograms,
  startControlPlane
} from '@clarion-lb/lab/kubernetes'

/** An API server, whichever it is, and what befalls it. */
export interface ApiServer {
  readonly connection: Connection
  client(): Promise<KubeClient>
  /** It forgets every change of the past: watches cannot go on from there. */
  forgetPast(): Promise<void>
  /** It is gone at once, and back at the same address with the same objects. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** The stand-in of our tests. */
export async function startStandIn(): Promise<ApiServer> {
  const sim = new KubeSim({ bookmarkIntervalMs: 1000 })
  await sim.start()
  const connection = { url: sim.url, ca: sim.ca, user: { token: sim.token } }
  return {
    connection,
    client: async () => clientOf(connection),
    forgetPast: async () => sim.faults.compact(),
    restart: async () => sim.restart(),
    stop: async () => sim.stop()
  }
}

/** The real one. */
export async function startReal(): Promise<ApiServer> {
  const controlPlane = await startControlPlane({ programs: await getPrograms(CONTROL_PLANE_PROGRAMS) })
  const restart = async (): Promise<void> => {
    await controlPlane.crashApiServer()
    await controlPlane.startApiServer()
  }
  return {
    connection: controlPlane.connection,
    client: async () => clientOf(controlPlane.connection),
    forgetPast: async () => {
      await controlPlane.etcd.compact()
      // What it remembers itself it forgets with its process.
      await restart()
    },
    restart,
    stop: async () => controlPlane.stop()
  }
}

async function clientOf(connection: Connection): Promise<KubeClient> {
  return new KubeClient(await parseKubeContext(formatKubeconfig(connection)))
}
