import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { LinuxNetError } from './errors.ts'
import { EventFd, notifyEventFd } from './event-fd.ts'
import { NetlinkSocket } from './netlink-socket.ts'
import { Poller } from './poller.ts'

const LINUX = { skip: process.platform !== 'linux' }

test('an eventfd wakes a poll, once for any number of notifications', LINUX, () => {
  const event = EventFd.open()
  const poller = new Poller([event.fd])
  expect(poller.wait(0)).toBe(0)
  notifyEventFd(event.fd)
  notifyEventFd(event.fd)
  expect(poller.wait(0)).toBe(1)
  expect(poller.isReady(0)).toBe(true)
  expect([event.drain(), event.drain()]).toEqual([true, false])
  expect(poller.wait(0)).toBe(0)
  expect(poller.isReady(0)).toBe(false)
  event.close()
  event.close()
  expect(event.fd).toBe(-1)
})

test('an asynchronous wait ends with the notification', LINUX, async () => {
  const event = EventFd.open()
  const poller = new Poller([event.fd])
  const waiting = poller.waitAsync(250)
  notifyEventFd(event.fd)
  expect(await waiting).toBe(1)
  event.close()
})

test('a dump lists the loopback interface and its addresses, again and again', LINUX, () => {
  const netlink = NetlinkSocket.open('none')
  for (const messages of [netlink.dump(), netlink.dump()]) {
    const names = messages.flatMap((message) => (message.type === 'link' ? [message.link.name] : []))
    expect(names).toContain('lo')
  }
  expect(netlink.read()).toEqual({ type: 'empty' })
  netlink.close()
})

test('a failed call names itself and its errno', LINUX, () => {
  const netlink = NetlinkSocket.open('none')
  netlink.close()
  expect(() => netlink.read()).toThrow(LinuxNetError)
  expect(() => netlink.read()).toThrow('recvfrom AF_NETLINK: EBADF')
})

test('on another system importing is harmless, and the first call says what is needed', async () => {
  const script = `
    Object.defineProperty(process, 'platform', { value: 'darwin' })
    const { EventFd, unsupportedReason } = await import('@clarion-lb/linux-net')
    try { EventFd.open() } catch (error) { console.log(error.code, error.reason, error.message === unsupportedReason()) }
  `
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@clarion-lb/source', '--input-type=module', '--eval', script],
    { cwd: import.meta.dirname }
  )
  expect(stdout).toBe('ERR_LINUX_NET_UNSUPPORTED not-linux true\n')
})
