#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-old-space-size=1024 --max-semi-space-size=4
import { runBinary } from '@clarion-lb/runtime'
import { createContainer } from './container.ts'
import { CONTROLLER_FLAGS, WITHOUT_EFFECT } from './flags.ts'
import { settingsOf } from './settings.ts'
import { ALL_SERVICES, CLIENT, LOG, SETTINGS } from './tokens.ts'

await runBinary({
  name: 'clarion-controller',
  description: 'Gives addresses to Services of type LoadBalancer. The flags are those of MetalLB.',
  table: CONTROLLER_FLAGS,
  withoutEffect: WITHOUT_EFFECT,
  settingsOf,
  createServices: ({ settings, log, client }) => {
    const root = createContainer()
    root.register(SETTINGS, { useValue: settings })
    root.register(LOG, { useValue: log })
    root.register(CLIENT, { useValue: client })
    return root.resolve(ALL_SERVICES)
  }
})
