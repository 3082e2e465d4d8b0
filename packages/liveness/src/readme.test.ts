import { testReadmeExample } from '@clarion-lb/vitest-config/readme-example'

testReadmeExample(`${import.meta.dirname}/..`)
