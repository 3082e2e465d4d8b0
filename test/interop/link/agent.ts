// A link inside a namespace, driven by its test over IPC. Usage: agent.ts poll | run | cap FROM
import { CapLink, type LinkHandlers, type LinkInterface, PacketLink } from '@clarion-lb/link'
import { Ipv4Address, Ipv6Address, parseIpAddress } from '@clarion-lb/netaddr'
import type { AgentInterface, FromAgent, ToAgent } from './agent-protocol.ts'

const [mode = 'poll', capFrom = ''] = process.argv.slice(2)
const handlers: LinkHandlers = {
  onFrame: (frame, interfaceIndex) => tell({ type: 'frame', frame: frame.slice(), interfaceIndex }),
  onInterfaces: ({ added, changed, removed }) => {
    tell({
      type: 'interfaces',
      added: added.map(({ name }) => name),
      changed: changed.map(({ after }) => after.name),
      removed: removed.map(({ name }) => name),
      interfaces: list()
    })
  }
}
const link =
  mode === 'cap'
    ? new CapLink({ ...handlers, capFrom, onFault: (_, message) => tell({ type: 'fault', message }) })
    : new PacketLink(handlers)
const ended = new AbortController()

process.on('message', (message: ToAgent) => perform(message))
process.on('disconnect', () => ended.abort())
link.start()
tell({ type: 'started', interfaces: list() })
if (mode === 'poll') pollForEver()
else await link.run(ended.signal)

/** As a worker does, which looks for messages between the rounds. */
function pollForEver(): void {
  if (ended.signal.aborted || !(link instanceof PacketLink)) return
  link.poll(50)
  setImmediate(pollForEver)
}

function perform(message: ToAgent): void {
  switch (message.type) {
    case 'interest':
      link.setInterest({
        interfaces: message.names.map(indexOf),
        arpAddresses: message.arp.map((text) => Ipv4Address.parse(text)),
        ndpAddresses: message.ndp.map((text) => Ipv6Address.parse(text))
      })
      break
    case 'changeInterest':
      link.changeInterest({
        add: message.add.map(parseIpAddress),
        remove: message.remove.map(parseIpAddress)
      })
      break
    case 'send':
      tell({ type: 'sent', results: message.frames.map((frame) => link.send(indexOf(message.name), frame)) })
      break
    case 'groups':
      for (const text of message.groups) {
        const group = Ipv6Address.parse(text)
        if (message.join) link.joinGroup(indexOf(message.name), group)
        else link.leaveGroup(indexOf(message.name), group)
      }
      break
    case 'counters': {
      const processIds = link instanceof CapLink ? [...link.processIds().values()] : []
      tell({ type: 'counters', ...link.counters(), processIds })
      break
    }
    case 'sync':
      tell({ type: 'synced' })
  }
}

/** A name that is not there is an index that is not there. */
function indexOf(name: string): number {
  return [...link.interfaces().values()].find((found) => found.name === name)?.index ?? 9999
}

function list(): readonly AgentInterface[] {
  return [...link.interfaces().values()].map(describe)
}

function describe({ index, name, mac, isUp, hasCarrier, addresses }: LinkInterface): AgentInterface {
  const texts = addresses.map(({ address, prefixLength }) => `${address.toString()}/${prefixLength}`)
  return { index, name, mac: mac?.toString() ?? '', isUp, hasCarrier, addresses: texts }
}

function tell(message: FromAgent): void {
  process.send?.(message)
}
