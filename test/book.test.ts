import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { ensureBuilt } from './support/built.js'
import { useHarness } from './support/harness.js'

// The pages are made by the build.
beforeAll(() => ensureBuilt())
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
  const urls = new Set<string>()
  for (const [from, link] of links) {
    const [target, anchor] = link.split('#') as [string, string?]
    const url = target === '' ? from : target
    if (/^https?:/.test(link)) continue
    urls.add(url)
    if (anchor !== undefined) expect(anchors.get(url), `${from} -> ${link}`).toContain(anchor)
  }
  for (const url of urls) await harness.request('get', url).redirects(1).expect(200)
})

/** Blocks, and code in a line. */
const CODE = /^```[\s\S]*?^```|`[^`\n]*`/gm

it('names only files that exist', () => {
  for (const file of files) {
    const text = readFileSync(path.join(docs, file), 'utf8').replaceAll(CODE, '')
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
    'token bucket',
    'leaky bucket',
    'gcra',
    'leaderboard',
    'semaphore',
  ]) {
    expect(texts).toContain(words)
  }
})

it.each(['/book/nothing', '/book/..%2Fmain.js', '/book/'])('has no page %s', async (url) => {
  const { body } = await harness.request('get', url).expect(404)
  expect(body.code).toBe('unknown-path')
})

it('is linked from the page of each error', async () => {
  const { text } = await harness.request('get', '/errors/unauthenticated').expect(200)
  expect(text).toContain('href="/"')
  expect(text).toContain('href="/book/errors"')
  await harness.request('get', '/errors').expect(302).expect('location', '/book/errors')
})

it('is linked from the API page', async () => {
  const links = all(await page('/docs'), /<a href="([^"]*)"/g)
  const urls = links.map((link) => new URL(link, 'http://127.0.0.1/docs').pathname)
  expect(urls).toEqual(expect.arrayContaining(['/', '/book/start', '/book/errors']))
  for (const url of urls) await harness.request('get', url).expect(200)
})

it('shows code in the page of an error as code', async () => {
  const { text } = await harness.request('get', '/errors/unauthenticated').expect(200)
  expect(text).toContain('Send <code>Authorization: Bearer &lt;token></code> with a token')
})
