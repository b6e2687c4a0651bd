import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { useHarness } from './support/harness.js'

const harness = useHarness()

const docs = path.resolve(import.meta.dirname, '../docs')
const files = readdirSync(docs).filter((name) => name.endsWith('.md'))
const urlOf = (file: string) => (file === 'README.md' ? '/' : `/book/${file.slice(0, -3)}`)

const page = async (url: string): Promise<string> =>
  (
    await harness
      .request('get', url)
      .expect(200)
      .expect('content-type', /^text\/html/)
  ).text

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found as string)

it('serves every page of docs, and lists each at the side', async () => {
  const first = await page('/')
  for (const file of files) {
    const html = await page(urlOf(file))
    const [, title] = /^# (.*)/.exec(readFileSync(path.join(docs, file), 'utf8')) ?? []
    expect(html, file).toContain(`>${title}</h1>`)
    expect(first, file).toContain(`href="${urlOf(file)}"`)
  }
})

it('has no broken link, and loads nothing from another host', async () => {
  const anchors = new Map<string, Set<string>>()
  const links: [string, string][] = []
  for (const file of files) {
    const html = await page(urlOf(file))
    anchors.set(urlOf(file), new Set(all(html, / id="([^"]*)"/g)))
    for (const link of all(html, /href="([^"]*)"/g)) links.push([urlOf(file), link])
    expect(all(html, /(?:src|rel="stylesheet" href)="([^"]*)"/g)).toEqual([
      '/book/book.css',
      '/book/search.js',
    ])
  }
  for (const [from, link] of links) {
    const [target, anchor] = link.split('#') as [string, string?]
    const url = target === '' ? from : target
    if (/^https?:/.test(link)) continue
    await harness.request('get', url).redirects(1).expect(200)
    if (anchor !== undefined) expect(anchors.get(url), `${from} -> ${link}`).toContain(anchor)
  }
})

it('names only files that exist', () => {
  for (const file of files) {
    const text = readFileSync(path.join(docs, file), 'utf8')
    for (const link of all(text, /\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (/^(https?:|\/)/.test(link)) continue
      expect(existsSync(path.join(docs, link)), `${file} -> ${link}`).toBe(true)
    }
  }
})

it('has an index of its sections for the search', async () => {
  const { body } = await harness.request('get', '/book/search.json').expect(200)
  const texts = (body as { text: string }[]).map(({ text }) => text.toLowerCase()).join(' ')
  for (const words of [
    'distributed lock',
    'mutex',
    'fencing token',
    'thundering herd',
    'cache stampede',
    'stale-while-revalidate',
    'leader election',
    'rate limiter',
    'sliding window',
  ]) {
    expect(texts).toContain(words)
  }
})

it.each(['/book/nothing', '/book/..%2Fmain.js', '/book/'])('has no page %s', async (url) => {
  const { body } = await harness.request('get', url).expect(404)
  expect(body.code).toBe('unknown-path')
})

it('is linked from the page of each error', async () => {
  const { text } = await harness.request('get', '/errors/invalid-request').expect(200)
  expect(text).toContain('href="/"')
  await harness.request('get', '/errors').expect(302).expect('location', '/book/errors')
})
