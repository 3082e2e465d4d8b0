// Which links lead nowhere: to a page, a heading or a file that is not there. Links to other sites are not followed.
import { existsSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { repositoryPathOf } from './markdown.mjs'

/**
 * A line for each dead link.
 *
 * @param root directory of the repository
 * @param pages what Eleventy made: `inputPath`, `outputPath` and `content` (HTML)
 * @param others Markdown that is no page: `inputPath` and `content` (HTML)
 */
export function checkLinks({ root, pages, others }) {
  const ids = new Map(pages.map((page) => [normalize(page.outputPath), idsOf(page.content)]))
  const pageOf = new Map(pages.map((page) => [normalize(page.inputPath), normalize(page.outputPath)]))
  const dead = []
  for (const { inputPath, outputPath, content } of [...pages, ...others]) {
    const own = outputPath === undefined ? idsOf(content) : ids.get(normalize(outputPath))
    // A file that is no page links to pages as if they were files.
    const base = outputPath ?? join('dist', inputPath)
    const isThere = (href) => leadsSomewhere(href, { root, base, own, ids, pageOf })
    for (const href of new Set(linksOf(content)))
      if (!isThere(href)) dead.push(`${inputPath}: dead link ${href}`)
  }
  return dead
}

function leadsSomewhere(href, { root, base, own, ids, pageOf }) {
  const file = repositoryPathOf(href)
  if (file !== undefined) {
    const page = pageOf.get(normalize(file))
    return existsSync(join(root, file)) && (page === undefined || hasId(ids.get(page), href))
  }
  if (/^[a-z]+:/.test(href)) return true
  if (href.startsWith('#')) return hasId(own, href)
  const [path] = href.split('#')
  const target = normalize(join(dirname(base), path))
  const page = ids.get(target)
  if (page !== undefined) return hasId(page, href)
  // The style sheet and the scripts of the site.
  return existsSync(join(root, target)) && relative('dist/docs', target).startsWith('assets')
}

function hasId(ids, href) {
  const [, hash] = href.split('#')
  return hash === undefined || hash === '' || ids.has(decodeURIComponent(hash))
}

function linksOf(html) {
  return Array.from(html.matchAll(/<(?:a|link|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g), ([, href]) =>
    href.replaceAll('&amp;', '&')
  )
}

function idsOf(html) {
  return new Set(Array.from(html.matchAll(/\sid="([^"]*)"/g), ([, id]) => id))
}
