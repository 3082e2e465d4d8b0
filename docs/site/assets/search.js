// The search box: every word has to be there; headings count more than text.
const MAX_RESULTS = 12
const box = document.querySelector('#search')
const list = document.querySelector('#results')

function rank(entry, words) {
  const heading = entry.heading.toLowerCase()
  const title = entry.title.toLowerCase()
  const text = entry.text.toLowerCase()
  let score = 0
  for (const word of words) {
    const points =
      (heading.includes(word) ? 8 : 0) + (title.includes(word) ? 3 : 0) + (text.includes(word) ? 1 : 0)
    if (points === 0) return 0
    score += points
  }
  return score
}

function show() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean)
  const found = words.length === 0 ? [] : globalThis.searchIndex
  const best = found
    .map((entry) => ({ entry, score: rank(entry, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, MAX_RESULTS)
  list.replaceChildren(...best.map(({ entry }) => itemOf(entry)))
  list.hidden = words.length === 0
  if (words.length > 0 && best.length === 0) list.append('Nothing has these words.')
}

function itemOf({ url, title, heading }) {
  const link = document.createElement('a')
  link.href = list.dataset.root + url
  link.textContent = heading === title ? title : `${title}: ${heading}`
  const item = document.createElement('li')
  item.append(link)
  return item
}

box.addEventListener('input', show)
box.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') list.querySelector('a')?.click()
  if (event.key === 'Escape') {
    box.value = ''
    show()
  }
})
