import path from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { connectThroughFaults } from './service.js'

const harness = useHarness()

/** What a page has, and nothing of Node. */
const PAGE = {
  ...{ AbortController, AbortSignal, Headers, ReadableStream, Response, TextDecoder, TextEncoder },
  ...{ URL, Uint8Array, atob, btoa, clearTimeout, crypto, fetch, performance, setTimeout },
}

const PROGRAM = `
import { Lockstep } from './clients/typescript/src/lockstep.js'

async function main() {
  const { cache, limits, locks, queues, streams } = new Lockstep({ url, namespace })
  const limit = { name: 'all', limit: 5, windowMs: 60_000, key: 'me' }
  const [entry] = await streams.append('log', [{ event: 'said', data: new Uint8Array([7]) }])
  const followed = streams.follow('log', { after: 'start' })
  const { value } = await followed.next()
  await followed.return()
  const stop = new AbortController()
  await queues.send('jobs', [{ body: 'a job' }])
  const jobs = []
  await queues.work('jobs', { signal: stop.signal }, ({ body }) => {
    jobs.push(body)
    stop.abort()
  })
  return {
    held: await locks.run('of-a-page', {}, ({ signal }) => !signal.aborted),
    loaded: await cache.getOrLoad('pages', 'one', () => ({ name: 'Ada' })),
    cached: (await cache.get('pages', 'one')).value,
    allowed: (await limits.check(limit, { timeoutMs: 60_000 })).allowed,
    followed: value.id === entry && value.data[0],
    jobs,
    node: [typeof process, typeof global, typeof Buffer],
  }
}
globalThis.result = main()
`

it('runs in a browser, which has nothing of Node', async () => {
  const resolveDir = path.resolve(import.meta.dirname, '../..')
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  })
  // Node opens a spare connection after a stream was cut, for which a service that closes waits.
  const { proxy } = await connectThroughFaults(harness)
  const url = proxy.url.replace(/^redis/, 'http')
  const page = createContext({ ...PAGE, url, namespace: harness.namespace })
  runInContext(outputFiles[0]?.text ?? '', page)
  expect(await page.result).toEqual({
    held: true,
    loaded: { name: 'Ada' },
    cached: { name: 'Ada' },
    allowed: true,
    followed: 7,
    jobs: ['a job'],
    node: ['undefined', 'undefined', 'undefined'],
  })
})
