import shared from '@clarion-lb/vitest-config'
import { defineConfig, mergeConfig } from 'vitest/config'

export default mergeConfig(
  shared,
  defineConfig({ test: { name: 'docs', root: import.meta.dirname, include: ['*.test.{ts,mjs}'] } })
)
