import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DOCUMENT } from './document.ts'
import { renderAll } from './render.ts'

test('docs/interop.md says what the last run has found', () => {
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(renderAll())
})
