import { once } from 'node:events'
import { Liveness } from '@clarion-lb/liveness'
import { parseIpAddress } from '@clarion-lb/netaddr'

const address = parseIpAddress('127.0.0.1')
const keys = [new TextEncoder().encode('at least 16 octets of a Secret')]
const start = (id: string): Liveness => {
  const member = new Liveness({ id, keys, port: 0, localAddress: address })
  member.start()
  return member
}
const [a, b, c] = [start('a'), start('b'), start('c')]
a.on('dead', ({ id, accusers }) => console.log(`${id} is dead, say ${accusers.toSorted().join(' and ')}`))
a.on('left', ({ id }) => console.log(`${id} left`))

const list = [a, b, c].map(({ id, port }) => ({ id, address, port }))
for (const member of [a, b, c]) member.setMembers(list)
while ([b, c].some(({ id }) => a.verdictOf(id)?.standing !== 'alive')) await once(a, 'alive')

c.abandon()
await once(a, 'dead')
// prints: c is dead, say a and b
await Promise.all([once(a, 'left'), b.stop()])
// prints: b left
await a.stop()
