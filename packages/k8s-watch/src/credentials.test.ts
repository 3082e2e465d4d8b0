import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { afterwards, SimBench, until } from '../test/sim-bench.ts'
import { Informer } from './informer.ts'
import { KubeClient } from './kube-client.ts'
import { parseKubeContext } from './kube-config.ts'
import { CONFIG_MAPS } from './resource.ts'

function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'k8s-watch-'))
  afterwards(() => rmSync(directory, { recursive: true }))
  return directory
}

/** A client whose user is given; cluster and authority are the simulator's. */
async function clientOf(bench: SimBench, user: object, timeoutMs = 10_000): Promise<KubeClient> {
  const text = JSON.stringify({
    clusters: [
      {
        name: 'sim',
        cluster: {
          server: bench.sim.url,
          'certificate-authority-data': Buffer.from(bench.sim.ca).toString('base64')
        }
      }
    ],
    users: [{ name: 'me', user }],
    contexts: [{ name: 'sim', context: { cluster: 'sim', user: 'me' } }],
    'current-context': 'sim'
  })
  const client = new KubeClient(await parseKubeContext(text), { timeoutMs })
  afterwards(() => client.close())
  return client
}

/** A credential plug-in that gives the token in a file, and notes in another that it ran. */
function plugin(directory: string): object {
  const credential = `{ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } }`
  const script = `
    const { appendFileSync, readFileSync } = require('node:fs')
    appendFileSync(${JSON.stringify(join(directory, 'runs'))}, '.')
    const token = readFileSync(${JSON.stringify(join(directory, 'token'))}, 'utf8')
    console.log(JSON.stringify(${credential}))`
  return {
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] }
  }
}

describe('credentials', () => {
  test('a token file that was replaced is read again as soon as the old token is refused', async () => {
    const bench = await SimBench.start()
    const directory = scratchDirectory()
    const tokenFile = join(directory, 'token')
    writeFileSync(tokenFile, `${bench.sim.createToken('first')}\n`)
    const client = await clientOf(bench, { tokenFile })
    expect((await client.list(CONFIG_MAPS)).items).toEqual([])
    bench.sim.faults.expireTokens()
    writeFileSync(tokenFile, `${bench.sim.createToken('second')}\n`)
    expect((await client.list(CONFIG_MAPS)).items).toEqual([])
  })

  test('a token that stays refused is a 401 after one more try, not an endless one', async () => {
    const bench = await SimBench.start()
    const tokenFile = join(scratchDirectory(), 'token')
    writeFileSync(tokenFile, 'wrong')
    const client = await clientOf(bench, { tokenFile })
    const lists = bench.count('list')
    await expect(client.list(CONFIG_MAPS)).rejects.toMatchObject({ status: 401 })
    expect(lists()).toBe(2)
  })

  test('a plug-in runs once for all requests, and again when its token is refused', async () => {
    const bench = await SimBench.start()
    const directory = scratchDirectory()
    writeFileSync(join(directory, 'token'), bench.sim.createToken('first'))
    const client = await clientOf(bench, plugin(directory))
    const runs = (): number => readFileSync(join(directory, 'runs'), 'utf8').length
    await Promise.all([1, 2, 3].map(async () => client.list(CONFIG_MAPS)))
    await client.list(CONFIG_MAPS)
    expect(runs()).toBe(1)
    bench.sim.faults.expireTokens()
    writeFileSync(join(directory, 'token'), bench.sim.createToken('second'))
    await Promise.all([1, 2, 3].map(async () => client.list(CONFIG_MAPS)))
    expect(runs()).toBe(2)
  })

  test('a plug-in that hangs costs a request its time, no more', async () => {
    const bench = await SimBench.start()
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      // Ends with this process, whose end of the pipe it waits for.
      args: ['-e', 'process.stdin.resume()']
    }
    const client = await clientOf(bench, { exec }, 100)
    await expect(client.list(CONFIG_MAPS)).rejects.toMatchObject({ reason: 'timeout' })
  })

  test('a plug-in that fails, or a file that is not there, is a KubeConfigError', async () => {
    const bench = await SimBench.start()
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', 'process.exit(3)']
    }
    for (const user of [{ exec }, { tokenFile: '/nonexistent/token' }]) {
      const client = await clientOf(bench, user)
      await expect(client.list(CONFIG_MAPS)).rejects.toMatchObject({
        code: 'ERR_K8S_CONFIG',
        reason: 'credentials'
      })
    }
  })

  test('an informer whose token expires goes on with the new one and misses nothing', async () => {
    const bench = await SimBench.start()
    const tokenFile = join(scratchDirectory(), 'token')
    writeFileSync(tokenFile, bench.sim.createToken('first'))
    const client = await clientOf(bench, { tokenFile })
    const informer = new Informer({ client, resource: CONFIG_MAPS, minRetryMs: 5 })
    afterwards(() => informer.stop())
    informer.start()
    await until(informer, () => informer.isConnected)
    bench.sim.faults.expireTokens()
    bench.sim.faults.cutWatches()
    bench.put('a', '1')
    await until(informer, () => !informer.isConnected)
    writeFileSync(tokenFile, bench.sim.createToken('second'))
    await until(informer, () => informer.cache.size === 1)
    expect(informer.isConnected).toBe(true)
  })
})
