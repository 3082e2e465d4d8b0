import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'lab', 'test/deploy', 'test/docs'],
    maxWorkers: 2,
    coverage: { provider: 'v8', include: ['packages/*/src/**'] }
  }
})
