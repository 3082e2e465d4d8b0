import shared from '@clarion-lb/vitest-config'
import { defineConfig, mergeConfig } from 'vitest/config'

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      root: import.meta.dirname,
      include: ['**/*.test.ts'],
      fileParallelism: false,
      // Longer than the waits in it, which say what did not come.
      testTimeout: 300_000,
      hookTimeout: 300_000
    }
  })
)
