import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import { KubeSim } from '@clarion-lb/kube-sim'

const sim = new KubeSim()
await sim.start()
const list = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { ca: sim.ca, headers: { authorization: `Bearer ${sim.token}` } }
    get(`${sim.url}/api/v1/namespaces`, options, (response) => {
      text(response).then((body) => resolve(`${response.statusCode} ${body.slice(0, 23)}`), reject)
    }).on('error', reject)
  })

sim.faults.add({ match: { verbs: ['list'] }, action: { type: 'status', code: 503 }, times: 1 })
console.log(await list())
// prints: 503 {"kind":"Status","apiVe
console.log(await list())
// prints: 200 {"kind":"NamespaceList"
await sim.stop()
