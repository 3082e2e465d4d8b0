// Answers for addresses on every interface of a namespace, as a speaker does with the same packages. Its test drives it
// over IPC. Usage: responder.ts
import { PacketLink } from '@clarion-lb/link'
import { AnsweringPorts } from './answering-ports.ts'
import type { FromResponder, ToResponder } from './responder-protocol.ts'

/** Between two looks for messages of the test; frames end a sleep at once. */
const MAX_SLEEP_MS = 20

let isEnded = false
const link = new PacketLink({
  onFrame: (frame, index) => ports.onFrame(frame, index),
  onInterfaces: (change) => ports.onInterfaces(change)
})
const ports = new AnsweringPorts({ link, tell })

process.on('message', (message: ToResponder) => perform(message))
process.on('disconnect', () => {
  isEnded = true
})
link.start()
ports.start()
tell({ type: 'started' })
answerForEver()

function answerForEver(): void {
  if (isEnded) {
    link.stop()
    return
  }
  link.poll(Math.min(MAX_SLEEP_MS, Math.ceil(ports.work() ?? MAX_SLEEP_MS)))
  setImmediate(answerForEver)
}

function perform(message: ToResponder): void {
  switch (message.type) {
    case 'want':
      ports.want(message.addresses, message.delaysMs)
      ports.work()
      tell({ type: 'applied' })
      break
    case 'drop':
      ports.drop(message.addresses)
      ports.work()
      tell({ type: 'applied' })
      break
    case 'counters':
      tell({ type: 'counters', ...ports.counters() })
  }
}

function tell(message: FromResponder): void {
  process.send?.(message)
}
