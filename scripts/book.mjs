// A step of the build: the pages of docs become HTML in dist/book, which the service serves at /.
// docs/README.md is the first page; its headings and lists of links are the table of contents.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Marked } from 'marked'

const docs = path.resolve('docs')
const out = path.resolve('dist/book')

/** Where the service serves a page: `locks.md` at /book/locks, the first page at /. */
const urlOf = (file) => (file === 'README.md' ? '/' : `/book/${file.replace(/\.md$/, '')}`)

/** Tokens of Markdown with text for the search. */
const LEAVES = ['text', 'code', 'codespan']

const renderer = {
  heading({ tokens, depth, id }) {
    return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`
  },
  link({ href, tokens }) {
    const text = this.parser.parseInline(tokens)
    const url = toUrl(href)
    return url === undefined ? text : `<a href="${url}">${text}</a>`
  },
  /** A plot of docs becomes a part of the page. */
  image({ href }) {
    return readFileSync(path.join(docs, href), 'utf8')
  },
}

const files = readdirSync(docs).filter((name) => name.endsWith('.md'))
const pages = files.map((file) => render(file, readFileSync(path.join(docs, file), 'utf8')))
const contents = contentsOf(readFileSync(path.join(docs, 'README.md'), 'utf8'))

mkdirSync(out, { recursive: true })
for (const page of pages) {
  const name = page.file === 'README.md' ? 'index' : page.file.replace(/\.md$/, '')
  writeFileSync(path.join(out, `${name}.html`), toHtml(page))
}
const entries = pages.flatMap(({ file, title, sections }) =>
  sections.map(({ id, heading, text }) => ({
    url: `${urlOf(file)}#${id}`,
    page: title,
    heading,
    text: text.join(' '),
  })),
)
writeFileSync(path.join(out, 'search.json'), JSON.stringify(entries))

/** The HTML of a page, and its sections as text, for the search. A page begins with its title. */
function render(file, markdown) {
  const sections = []
  const slugs = new Map()
  const walkTokens = (token) => {
    if (token.type === 'heading') {
      const heading = plain(token.text)
      token.id = slugOf(heading, slugs)
      sections.push({ id: token.id, heading, text: [] })
    } else if (!token.tokens && LEAVES.includes(token.type)) {
      sections.at(-1).text.push(token.text.trim())
    }
  }
  const html = new Marked({ renderer, walkTokens }).parse(markdown)
  return { file, title: sections[0].heading, html, sections }
}

/** Undefined for a file of the repository that the service does not serve. */
function toUrl(href) {
  if (/^(https?:|#|\/)/.test(href)) return href
  const [target, hash] = href.split('#')
  const anchor = hash === undefined ? '' : `#${hash}`
  if (target === '../openapi.yaml') return '/openapi.yaml'
  return files.includes(target) ? urlOf(target) + anchor : undefined
}

/** As GitHub makes them, so that a link works in both places. */
function slugOf(heading, slugs) {
  const slug = heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
  const count = slugs.get(slug) ?? 0
  slugs.set(slug, count + 1)
  return count === 0 ? slug : `${slug}-${count}`
}

/** A heading without its marks. */
function plain(markdown) {
  return markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
}

/** Chapters of the first page: a heading and the links below it. */
function contentsOf(markdown) {
  const chapters = []
  for (const line of markdown.split('\n')) {
    const heading = /^## (.*)/.exec(line)
    if (heading) chapters.push({ heading: heading[1], links: [] })
    const link = /^- \[([^\]]*)\]\(([^)]*)\)/.exec(line)
    if (link) chapters.at(-1)?.links.push({ text: link[1], url: toUrl(link[2]) })
  }
  return chapters.filter(({ links }) => links.length > 0)
}

function toHtml({ file, title, html }) {
  const own = urlOf(file)
  const item = ({ text, url }) =>
    `<li><a href="${url}"${url === own ? ' aria-current="page"' : ''}>${text}</a></li>`
  const chapters = contents
    .map(({ heading, links }) => `<h2>${heading}</h2><ul>${links.map(item).join('')}</ul>`)
    .join('')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title === 'Lockstep' ? title : `${title} - Lockstep`}</title>
<link rel="stylesheet" href="/book/book.css">
<link rel="icon" href="/book/favicon.svg">
<script type="module" src="/book/search.js"></script>
</head>
<body>
<nav>
<a class="home" href="/">Lockstep</a>
<input type="search" placeholder="Search" aria-label="Search the book">
<ol class="results" hidden></ol>
${chapters}
</nav>
<main>
${html}</main>
</body>
</html>
`
}
