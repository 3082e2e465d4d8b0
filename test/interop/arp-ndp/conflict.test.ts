import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { VIP, VIP6 } from './addresses.ts'
import type { Host } from './host.ts'
import { ResponderClient } from './responder-client.ts'
import { Stage } from './stage.ts'

const skip = skipReason('arping', 'sysctl') !== undefined

let stage: Stage
let third: Host
let responder: ResponderClient

/** Has a host repeat itself until its claim is reported: once may be a move from one node to another. */
async function repeatUntilConflict(claim: () => Promise<unknown>): ReturnType<ResponderClient['conflict']> {
  const claiming = setInterval(() => void claim(), 250)
  try {
    return await responder.conflict()
  } finally {
    clearInterval(claiming)
  }
}

describe.skipIf(skip)('a third host that claims our address', () => {
  beforeEach(async () => {
    stage = await Stage.create()
    const node = await stage.addHost(1)
    third = await stage.addHost(4)
    responder = await ResponderClient.start(node.namespace)
    await responder.want(VIP, VIP6)
  })

  afterEach(async () => stage.close())

  test.each([
    { form: 'gratuitous requests', command: `arping -U -I e0 -c 1 -w 1 ${VIP}` },
    { form: 'gratuitous replies', command: `arping -A -I e0 -c 1 -w 1 ${VIP}` },
    { form: 'questions from that address', command: `arping -I e0 -c 1 -w 1 -s ${VIP} 192.0.2.99` }
  ])('by $form is reported', async ({ command }) => {
    await third.namespace.ip(`addr add ${VIP}/24 dev e0`)
    const conflict = await repeatUntilConflict(async () => third.attempt(command))
    expect(conflict).toMatchObject({ kind: 'claim', address: VIP, interface: 'e0', mac: third.mac })
  })

  test('by unsolicited neighbour advertisements is reported', async () => {
    await third.sysctl('net.ipv6.conf.e0.ndisc_notify=1')
    await third.namespace.ip(`addr add ${VIP6}/64 dev e0 nodad`)
    // The kernel says so whenever the hardware address is set.
    const conflict = await repeatUntilConflict(async () =>
      third.attempt(`ip link set e0 address ${third.mac}`)
    )
    expect(conflict).toMatchObject({ kind: 'claim', address: VIP6, interface: 'e0', mac: third.mac })
  })
})
