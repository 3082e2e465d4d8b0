import shared from '@clarion-lb/vitest-config'
import { defineConfig, mergeConfig } from 'vitest/config'

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      root: import.meta.dirname,
      include: ['**/*.test.ts'],
      fileParallelism: false,
      testTimeout: 180_000,
      hookTimeout: 180_000
    }
  })
)
