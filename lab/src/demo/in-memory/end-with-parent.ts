// Loaded ahead of a program of the story (`node --import`). When the demo is gone without a word, as after a kill -9, the
// program ends too and takes the demo's files with it: they hold a kubeconfig. Works wherever Node does.
import { rmSync } from 'node:fs'

const directory = process.env['CLARION_DEMO_DIRECTORY'] ?? ''

// Worker threads load this as well, and have no channel.
if (process.channel !== undefined && directory !== '') {
  process.once('disconnect', () => {
    try {
      // Several programs do this at the same time.
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
    } finally {
      process.exit(1)
    }
  })
  // Listening alone is no reason to stay.
  process.channel.unref()
}
