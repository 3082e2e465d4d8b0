// What the site makes of Markdown beside HTML: headings that can be linked to, by the names that GitHub gives them, and
// links to pages and to files of the repository.
import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const REPOSITORY = 'https://github.com/clarion-lb/clarion'

/** The text of the first heading. */
export function titleOf(text) {
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? 'Clarion'
}

/** The name that GitHub gives a heading. */
export function slugOf(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

/** Each heading gets an id, and a link to itself. */
export function addHeadingIds(library) {
  library.core.ruler.push('heading-ids', ({ tokens }) => {
    const seen = new Map()
    for (const [index, token] of tokens.entries()) {
      if (token.type !== 'heading_open') continue
      const slug = slugOf(textOf(tokens[index + 1]))
      const count = seen.get(slug) ?? 0
      seen.set(slug, count + 1)
      token.attrSet('id', count === 0 ? slug : `${slug}-${count}`)
    }
  })
}

/** Links to pages end in .html; those to other files of the repository lead to it. */
export function rewriteLinks(library, root) {
  library.core.ruler.push('links', ({ tokens, env }) => {
    const from = join(root, env.page?.inputPath ?? 'docs/index.md')
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : undefined
      if (href) token.attrSet('href', rewrite(href, from, root))
    }
  })
}

function rewrite(href, from, root) {
  if (/^([a-z]+:|#)/.test(href)) return href
  const [path, hash] = href.split('#')
  const target = relative(root, join(dirname(from), decodeURI(path)))
  const suffix = hash === undefined ? '' : `#${hash}`
  if (target.startsWith('docs/') && target.endsWith('.md'))
    return `${path.replace(/\.md$/, '.html')}${suffix}`
  const file = join(root, target)
  const kind = existsSync(file) && statSync(file).isDirectory() ? 'tree' : 'blob'
  return `${REPOSITORY}/${kind}/main/${target}${suffix}`
}

/** The path in the repository that a link made by {@link rewriteLinks} leads to; `undefined`: it leads elsewhere. */
export function repositoryPathOf(href) {
  const prefix = `${REPOSITORY}/`
  return href.startsWith(prefix)
    ? /^(?:tree|blob)\/main\/([^#]*)/.exec(href.slice(prefix.length))?.[1]
    : undefined
}

function textOf(token) {
  return (token?.children ?? [])
    .filter(({ type }) => type === 'text' || type === 'code_inline')
    .map(({ content }) => content)
    .join('')
}
