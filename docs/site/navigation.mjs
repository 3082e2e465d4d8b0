// What the side bar lists, in order. A page that is not named here comes last, so that none is hidden.
const SECTIONS = [
  ['Start', ['index', 'concepts', 'install', 'migration']],
  ['Run', ['troubleshooting', 'failover', 'faults', 'scale']],
  [
    'Look up',
    [
      'reference/configuration',
      'reference/annotations',
      'reference/flags',
      'reference/metrics',
      'metallb-compatibility',
      'interop'
    ]
  ],
  ['Inside', ['architecture']]
]

/** The sections of the side bar. @param pages Eleventy's collection of all pages */
export function buildNavigation(pages) {
  const left = new Map(pages.map((page) => [page.page.filePathStem.slice(1), page]))
  const sections = SECTIONS.map(([title, names]) => ({
    title,
    links: names.flatMap((name) => take(left, name))
  }))
  const more = [...left.keys()].toSorted((a, b) => (a < b ? -1 : 1)).flatMap((name) => take(left, name))
  return [...sections, { title: 'More', links: more }].filter(({ links }) => links.length > 0)
}

function take(left, name) {
  const page = left.get(name)
  left.delete(name)
  return page === undefined ? [] : [{ name, title: page.data.title, url: `${name}.html` }]
}
