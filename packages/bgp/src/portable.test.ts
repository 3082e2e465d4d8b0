import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

async function runElsewhere(script: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--conditions=@clarion-lb/source',
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '--eval',
      `Object.defineProperty(process, 'platform', { value: 'darwin' })\n${script}`
    ],
    { cwd: import.meta.dirname, timeout: 20_000 }
  )
  return stdout
}

test('on another system sessions go over ordinary sockets', async () => {
  const stdout = await runElsewhere(`await import('../examples/readme.ts')`)
  expect(stdout.split('\n')[0]).toBe('203.0.113.7/32 by 127.0.0.1 [ 4227137537 ]')
})

test('on another system what needs Linux is refused by name', async () => {
  const stdout = await runElsewhere(`
    const { BgpSpeaker } = await import('@clarion-lb/bgp')
    const { Ipv4Address } = await import('@clarion-lb/netaddr')
    const address = Ipv4Address.parse('192.0.2.1')
    const speaker = new BgpSpeaker({ asn: 1, bgpIdentifier: address })
    for (const option of [{ password: 'x' }, { ttlSecurityHops: 1 }, { ttl: 1 }, { device: 'lo' }, {}]) {
      try { speaker.addPeer({ name: 'r', address, asn: 2, ...option }) } catch (error) { console.log(error.code, error.option) }
    }
  `)
  expect(stdout.trimEnd().split('\n')).toEqual([
    'ERR_BGP_OPTIONS password',
    'ERR_BGP_OPTIONS ttlSecurityHops',
    'ERR_BGP_OPTIONS ttl',
    'ERR_BGP_OPTIONS device'
  ])
})
