import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import type * as Client from '../../clients/typescript/src/lockstep.js'
import { useHarness } from '../support/harness.js'
import { useChromium } from './chromium.js'

const PROJECT = path.resolve(import.meta.dirname, '../..')
const TSC = path.join(PROJECT, 'node_modules/typescript/bin/tsc')

const harness = useHarness()
const chromium = useChromium()

const servicePort = () => (harness.app.server.address() as AddressInfo).port

const PAGE = `<!doctype html>
<title>a page</title>
<script type="module">
  import * as client from '/lockstep.js'
  window.client = client
</script>`

/** Of the page. */
declare const client: typeof Client

const built = path.join(PROJECT, '.lockstep', 'client-for-browsers')
beforeAll(async () => {
  const client = path.join(PROJECT, 'clients/typescript')
  const build = [TSC, '-p', client, '--noEmit', 'false', '--outDir', built]
  await promisify(execFile)(process.execPath, build)
})

/** A server with a page and the built client, which passes the calls of the page on. */
async function servePage(): Promise<string> {
  const server = http.createServer((request, response) => {
    const { url = '/', method, headers } = request
    if (url.startsWith('/v1/')) {
      // With the Origin and the Host of the page, as the service asks for.
      const call = http.request({ port: servicePort(), path: url, method, headers })
      call.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      })
      call.on('error', () => response.destroy())
      response.on('close', () => call.destroy())
      return void request.pipe(call)
    }
    const isScript = /^\/[a-z]+\.js$/.test(url)
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    if (isScript) createReadStream(path.join(built, url)).pipe(response)
    else response.end(PAGE)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function openPage(): Promise<{ page: Page; url: string }> {
  const url = await servePage()
  const page = await chromium.newPage()
  await page.goto(url)
  await page.waitForFunction('window.client')
  return { page, url }
}

it('takes a lock, reads the cache, follows a stream and works through a queue', async ({
  skip,
}) => {
  if (!chromium.isThere) skip('chromium is not installed')
  const { page, url } = await openPage()
  const seen = await page.evaluate(
    async ({ url, namespace }) => {
      const { Lockstep } = client
      const options = { url, namespace, timeoutMs: 60_000, attemptMs: 60_000 }
      const { locks, cache, streams, queues } = new Lockstep(options)
      const ids = await streams.append('log', [{ event: 'said', data: new Uint8Array([7, 255]) }])
      const followed = streams.follow('log', { after: 'start' })
      const first = await followed.next()
      await streams.append('log', [{ event: 'said', data: 'later' }])
      const second = await followed.next()
      await followed.return(undefined)
      await queues.send('jobs', [{ body: 'a job' }])
      const stop = new AbortController()
      const jobs: unknown[] = []
      await queues.work('jobs', { signal: stop.signal }, ({ body }) => {
        jobs.push(body)
        stop.abort()
      })
      return {
        held: await locks.run('of-a-page', {}, async ({ fence, signal }) => {
          const { json } = await new Lockstep(options).call('getLock', {
            path: { name: 'of-a-page' },
          })
          return json.holders[0]?.fence === fence && !signal.aborted
        }),
        free: (await locks.acquire('of-a-page')).fence > 0,
        loaded: await cache.getOrLoad('pages', 'one', () => ({ name: 'Ada' })),
        cached: (await cache.get('pages', 'one'))?.value,
        counted: String(await cache.increment('pages', 'visits', 9007199254740993n)),
        followed: [first.value?.id === ids[0], Array.from(first.value?.data as Uint8Array)],
        later: second.value?.data,
        jobs,
      }
    },
    { url, namespace: harness.namespace },
  )
  expect(seen).toEqual({
    held: true,
    free: true,
    loaded: { name: 'Ada' },
    cached: { name: 'Ada' },
    counted: '9007199254740993',
    followed: [true, [7, 255]],
    later: 'later',
    jobs: ['a job'],
  })
})

it('answers no page of another origin, as SECURITY.md says', async ({ skip }) => {
  if (!chromium.isThere) skip('chromium is not installed')
  const { page } = await openPage()
  const refused = await page.evaluate(
    async ({ url, namespace }) => {
      const { locks } = new client.Lockstep({ url, namespace, timeoutMs: 1_000 })
      return locks.acquire('of-another-origin').catch((error) => String(error.name))
    },
    { url: `http://127.0.0.1:${servicePort()}`, namespace: harness.namespace },
  )
  expect(refused).toBe('NoAnswerError')
  const { body } = await harness.request('get', '/v1/locks/of-another-origin').expect(200)
  expect(body).toMatchObject({ state: 'free' })
})
