#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-old-space-size=512 --max-semi-space-size=2 --optimize-for-size --no-opt --no-maglev
import { runBinary } from '@clarion-lb/runtime'
import { createContainer } from './container.ts'
import { SPEAKER_FLAGS, WITHOUT_EFFECT } from './flags.ts'
import { settingsOf } from './settings.ts'
import { ALL_SERVICES, CLIENT, LOG, SETTINGS } from './tokens.ts'

await runBinary({
  name: 'clarion-speaker',
  description: 'Answers for the addresses of Services by ARP and NDP. The flags are those of MetalLB.',
  table: SPEAKER_FLAGS,
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
