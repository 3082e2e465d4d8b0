// What the search box looks through: a script, and no JSON, so that it works on a site that was opened from a directory.
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Writes `assets/search-index.js`: an entry for each heading, with the text below it. */
export function buildSearchIndex(pages, output) {
  const entries = pages.flatMap(({ outputPath, content }) => {
    const url = relative(output, outputPath)
    const [, main = ''] = /<main[^>]*>(.*)<\/main>/s.exec(content) ?? []
    const parts = main.split(/(?=<h[1-3] id=")/).slice(1)
    const [page = ''] = parts
    const title = headingOf(page).text
    return parts.map((part) => {
      const { id, text, rest } = headingOf(part)
      return { url: `${url}#${id}`, title, heading: text, text: plain(rest) }
    })
  })
  writeFileSync(
    join(output, 'assets', 'search-index.js'),
    `globalThis.searchIndex = ${JSON.stringify(entries)}\n`
  )
}

function headingOf(part) {
  const [whole = '', id = '', inner = ''] = /^<h[1-3] id="([^"]*)"[^>]*>(.*?)<\/h[1-3]>/s.exec(part) ?? []
  return { id, text: plain(inner), rest: part.slice(whole.length) }
}

function plain(html) {
  return html
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
