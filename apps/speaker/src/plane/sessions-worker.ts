import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { SessionsCore } from './sessions-core.ts'
import { isSessionsRequest, type SessionsAnswer } from './sessions-messages.ts'

/** What the sessions thread starts with. */
export interface SessionsWorkerData {
  readonly node: string
}

/** Entry of the worker thread: an event loop with nothing in it but sessions. */
function main(port: MessagePort, { node }: SessionsWorkerData): void {
  const tell = (answer: SessionsAnswer): void => port.postMessage(answer)
  const core = new SessionsCore({ node, onState: (state) => tell({ type: 'state', state }) })
  port.on('message', (request: unknown) => {
    if (!isSessionsRequest(request)) return
    switch (request.type) {
      case 'peers':
        core.setPeers(request.peers)
        return
      case 'routes':
        core.setRoutes(request.changes)
        return
      case 'complete':
        core.markComplete()
        return
      case 'shutdown':
        core.setGracefulShutdown(request.isGraceful)
        return
      case 'counts':
        tell({ type: 'counts', id: request.id, counts: core.counts() })
        return
      case 'stop':
        void core.stop(request.end).finally(() => port.close())
    }
  })
  core.start()
  tell({ type: 'ready' })
}

if (parentPort !== null) main(parentPort, workerData)
