import { onTestFinished } from 'vitest'
import { KubeSim, type KubeSimOptions } from '../src/kube-sim.ts'
import { Client } from './client.ts'

export interface RunningSim {
  readonly sim: KubeSim
  readonly client: Client
}

/** A server for one test, with a client. */
export async function startSim(options: KubeSimOptions = {}): Promise<RunningSim> {
  const sim = new KubeSim(options)
  await sim.start()
  const client = new Client(sim)
  onTestFinished(async () => {
    client.close()
    await sim.stop()
  })
  return { sim, client }
}
