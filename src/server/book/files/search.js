// The search of the book: sections that have all words, those with a word in the heading first.
const input = document.querySelector('input[type=search]')
const list = document.querySelector('.results')
const MOST = 20

let sections
input.addEventListener('focus', load, { once: true })
input.addEventListener('input', show)

async function load() {
  const response = await fetch('/book/search.json')
  sections = await response.json()
  show()
}

function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
  const found = words.length === 0 ? [] : (sections ?? []).filter((one) => hasAll(one, words))
  const best = found.sort((a, b) => rank(b, words) - rank(a, words)).slice(0, MOST)
  list.hidden = words.length === 0
  list.replaceChildren(...best.map(toItem))
}

const hasAll = ({ page, heading, text }, words) => {
  const all = `${page} ${heading} ${text}`.toLowerCase()
  return words.every((word) => all.includes(word))
}

const rank = ({ page, heading }, words) =>
  words.filter((word) => `${page} ${heading}`.toLowerCase().includes(word)).length

function toItem({ url, page, heading, text }) {
  const item = document.createElement('li')
  const link = document.createElement('a')
  link.href = url
  link.textContent = heading === page ? page : `${page}: ${heading}`
  const begin = document.createElement('span')
  begin.textContent = text.slice(0, 120)
  item.append(link, begin)
  return item
}
