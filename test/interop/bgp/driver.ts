// A BGP speaker and a BFD speaker in a namespace, on the public API of the packages; its test drives it over IPC.
// Usage: driver.ts

import { DrivenBfd } from './driven-bfd.ts'
import { DrivenSpeaker } from './driven-speaker.ts'
import type { CommandName, Commands, FromDriver, ToDriver } from './driver-protocol.ts'
import { readResources } from './resources.ts'

type Result = {
  [Name in CommandName]: { readonly command: Name; readonly result: Commands[Name][1] }
}[CommandName]

const bgp = new DrivenSpeaker()
const bfd = new DrivenBfd((peer) => bgp.bfdDown(peer))

process.on('message', (message: ToDriver) => void answer(message))
process.on('disconnect', () => process.exit())
tell({ type: 'ready' })

async function answer(message: ToDriver): Promise<void> {
  const { id } = message
  try {
    tell({ type: 'reply', id, ...(await perform(message)) })
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    tell({ type: 'reply', id, command: 'failed', message: text })
  }
}

async function perform(message: ToDriver): Promise<Result> {
  const { command } = message
  switch (command) {
    case 'start':
      return { command, result: await bgp.start(message.argument) }
    case 'addPeer':
      return { command, result: bgp.addPeer(message.argument) }
    case 'removePeer':
      return { command, result: await bgp.removePeer(message.argument.name, message.argument.stop) }
    case 'advertise':
      return { command, result: bgp.advertise(message.argument.peer, message.argument.routes) }
    case 'markComplete':
      return { command, result: bgp.markComplete() }
    case 'peer':
      return { command, result: bgp.report(message.argument) }
    case 'stop':
      await bfd.stop()
      return { command, result: await bgp.stop(message.argument) }
    case 'addBfd':
      return { command, result: bfd.add(message.argument) }
    case 'removeBfd':
      return { command, result: bfd.remove(message.argument) }
    case 'setBfd':
      return {
        command,
        result: bfd.setAdministrative(message.argument.name, message.argument.administrative)
      }
    case 'bfd':
      return { command, result: bfd.report(message.argument) }
    case 'resources':
      return { command, result: readResources() }
  }
}

function tell(message: FromDriver): void {
  process.send?.(message)
}
