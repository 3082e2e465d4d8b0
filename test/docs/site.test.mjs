import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkLinks } from '../../docs/site/links.mjs'
import { slugOf } from '../../docs/site/markdown.mjs'
import { buildNavigation } from '../../docs/site/navigation.mjs'

const ROOT = mkdtempSync(join(tmpdir(), 'clarion-docs-'))
writeFileSync(join(ROOT, 'README.md'), '')
afterAll(() => rmSync(ROOT, { recursive: true }))

const REPOSITORY = 'https://github.com/clarion-lb/clarion'
const page = (name, content) => ({
  inputPath: `./docs/${name}.md`,
  outputPath: `./dist/docs/${name}.html`,
  content
})

describe('a link', () => {
  const pages = [page('one', '<h1 id="first"></h1>'), page('reference/two', '<h1 id="second"></h1>')]
  test.each([
    ['one.html', '<a href="reference/two.html">', []],
    ['a heading of another page', '<a href="reference/two.html#second">', []],
    ['its own heading', '<h1 id="own"></h1><a href="#own">', []],
    ['a file', `<a href="${REPOSITORY}/blob/main/README.md">`, []],
    ['another site, which nobody asks', '<a href="https://example.org/none">', []],
    ['no page', '<a class="x" href="none.html">', ['none.html']],
    ['no heading', '<a href="one.html#none">', ['one.html#none']],
    ['no heading of its own', '<a href="#none">', ['#none']],
    ['no file', `<a href="${REPOSITORY}/blob/main/none.md">`, [`${REPOSITORY}/blob/main/none.md`]],
    ['no script', '<script src="none.js">', ['none.js']]
  ])('to %s', (_what, html, dead) => {
    const found = checkLinks({ root: ROOT, pages: [...pages, page('three', html)], others: [] })
    expect(found).toEqual(dead.map((href) => `./docs/three.md: dead link ${href}`))
  })

  test('of a README to a heading of a page is followed', () => {
    const content = `<a href="${REPOSITORY}/blob/main/docs/one.md#none">`
    const found = checkLinks({ root: ROOT, pages, others: [{ inputPath: 'README.md', content }] })
    expect(found).toHaveLength(1)
  })
})

test.each([
  ['Who may import whom (`turbo boundaries`)', 'who-may-import-whom-turbo-boundaries'],
  ['BGPPeer v1beta1 → v1beta2', 'bgppeer-v1beta1--v1beta2'],
  ['“Pending”, and no event', 'pending-and-no-event']
])('the name of the heading %j is the one that GitHub gives it', (heading, slug) => {
  expect(slugOf(heading)).toBe(slug)
})

test('a page that the side bar does not name is not hidden: it comes last', () => {
  const pages = ['/new', '/install'].map((filePathStem) => ({
    page: { filePathStem },
    data: { title: filePathStem }
  }))
  expect(buildNavigation(pages).map(({ title, links }) => [title, links.map(({ url }) => url)])).toEqual([
    ['Start', ['install.html']],
    ['More', ['new.html']]
  ])
})
