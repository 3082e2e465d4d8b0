// Makes docs/ a site: `npm run docs` writes dist/docs and checks every link, `npm run docs:dev` serves it and follows
// changes. The pages are plain Markdown that also reads well on its own: links between them are relative and end in .md,
// and get .html here. Nothing is fetched, and the site can be opened from a directory.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkLinks } from './links.mjs'
import { addHeadingIds, rewriteLinks, titleOf } from './markdown.mjs'
import { buildNavigation } from './navigation.mjs'
import { buildSearchIndex } from './search-index.mjs'

const ROOT = join(import.meta.dirname, '..', '..')
const OUTPUT = 'dist/docs'
/** Other Markdown whose links are checked too, without being pages. */
const OTHER_FILES = ['*.md', 'packages/*/README.md']

/** @param {import('@11ty/eleventy').UserConfig} config */
export default function configure(config) {
  let markdown
  config.addGlobalData('layout', 'page.njk')
  config.addGlobalData('eleventyComputed', {
    permalink: ({ page }) => `${page.filePathStem}.html`,
    title: ({ page }) => titleOf(readFileSync(page.inputPath, 'utf8')),
    pathToRoot: ({ page }) => '../'.repeat(page.filePathStem.split('/').length - 2)
  })
  config.addFilter('navigation', buildNavigation)
  config.addPassthroughCopy({ 'docs/site/assets': 'assets' })
  config.amendLibrary('md', (library) => {
    markdown = library
    library.set({ html: true, linkify: false })
    addHeadingIds(library)
    rewriteLinks(library, ROOT)
  })
  config.on('eleventy.after', ({ results, runMode }) => {
    const pages = results.map(({ inputPath, outputPath, content }) => ({ inputPath, outputPath, content }))
    buildSearchIndex(pages, OUTPUT)
    const others = globSync(OTHER_FILES, { cwd: ROOT }).map((file) => ({
      inputPath: file,
      content: markdown.render(readFileSync(join(ROOT, file), 'utf8'), { page: { inputPath: file } })
    }))
    const dead = checkLinks({ root: ROOT, pages, others })
    for (const line of dead) console.error(line)
    // While somebody writes, a page that is not there yet is no reason to end.
    if (dead.length > 0 && runMode === 'build') process.exitCode = 1
  })
  return {
    dir: { input: 'docs', includes: 'site/includes', output: OUTPUT },
    templateFormats: ['md'],
    // `{{` is text: alerts and kubectl have templates of their own.
    markdownTemplateEngine: false
  }
}
