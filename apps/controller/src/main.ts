#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-old-space-size=1024 --max-semi-space-size=4
import 'reflect-metadata'
import { KubeClient } from '@clarion-lb/k8s-watch'
import { createLog, describeError, FlagError, findOwnPod, parseFlags, runServices } from '@clarion-lb/runtime'
import { createContainer } from './container.ts'
import { CONTROLLER_FLAGS, WITHOUT_EFFECT } from './flags.ts'
import { settingsOf } from './settings.ts'
import { ALL_SERVICES, CLIENT, LOG, SETTINGS } from './tokens.ts'

async function main(): Promise<number> {
  const invocation = {
    name: 'clarion-controller',
    description: 'Gives addresses to Services of type LoadBalancer. The flags are those of MetalLB.',
    argv: process.argv.slice(2),
    env: process.env
  }
  const parsed = parseFlags(invocation, CONTROLLER_FLAGS)
  if (parsed === undefined) return 0
  const settings = settingsOf(parsed.values)
  const log = createLog(settings.flags['log-level'])
  const ignored = WITHOUT_EFFECT.filter((name) => parsed.given.has(name)).map((name) => `--${name}`)
  if (ignored.length > 0)
    log.warn({ flags: ignored }, 'admission webhooks are not available: flags without effect')
  const client = await KubeClient.load({ kubeconfig: settings.flags.kubeconfig })
  try {
    const { signal } = new AbortController()
    const pod = await findOwnPod(client, {
      namespace: settings.namespace,
      name: settings.flags['pod-name'],
      signal
    })
    const root = createContainer()
    root.register(SETTINGS, { useValue: { ...settings, pod } })
    root.register(LOG, { useValue: log })
    root.register(CLIENT, { useValue: client })
    return await runServices(root.resolve(ALL_SERVICES), log)
  } finally {
    client.close()
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`clarion-controller: ${describeError(error)}\n`)
  process.exitCode = error instanceof FlagError ? 2 : 1
}
