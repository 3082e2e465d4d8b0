import shared from '@clarion-lb/vitest-config'
import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = mergeConfig(
  shared,
  defineConfig({
    test: {
      root: import.meta.dirname,
      include: ['**/*.test.ts'],
      fileParallelism: false,
      testTimeout: 60_000,
      hookTimeout: 60_000
    }
  })
)
export default config
