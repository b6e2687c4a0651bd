import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { type Example, useExamples } from './programs.js'

const { get, inEachLanguage, serviceUrl } = useExamples()

/** A path to the service that loses the first answer to an acquire, and notes the keys it saw. */
async function losesAnAnswer(language: Example['language']) {
  const keys: unknown[] = []
  const fences: unknown[] = []
  const server = http.createServer(async (request, response) => {
    const text = (await request.toArray()).join('')
    const { host: _, connection: __, ...headers } = request.headers
    const url = new URL(request.url ?? '', serviceUrl())
    const { method = '' } = request
    const init = { method, headers: headers as Record<string, string>, body: text }
    const answer = await fetch(url, init)
    const body = await answer.text()
    if (url.pathname.endsWith('/acquire')) {
      fences.push(JSON.parse(body).fence)
      if (keys.push(headers['idempotency-key']) === 1) {
        // curl repeats a request whose connection broke only together with those that are refused.
        if (language === 'sh') response.writeHead(503, { 'retry-after': '1' }).end()
        else request.socket.destroy()
        return
      }
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, keys, fences }
}

describe('a shared counter under a lock', () => {
  describe('loses no increment', () => {
    inEachLanguage('counter/counter', async ({ start, out }) => {
      const counter = path.join(out, 'counter')
      const runs = [1, 2, 3].map(() => start([counter, '5']))
      expect(await Promise.all(runs.map(({ exit }) => exit))).toEqual([0, 0, 0])
      expect(runs.map(({ stderr }) => stderr())).toEqual(['', '', ''])

      expect(readFileSync(counter, 'utf8')).toMatch(/^15 \d{16}\n$/)
      expect(await get('/v1/locks/counter')).toMatchObject({ state: 'free' })
    })
  })

  describe('repeats a request without an answer, with the same key', () => {
    inEachLanguage('counter/counter', async ({ language, start, out }) => {
      const counter = path.join(out, 'counter')
      const { url, keys, fences } = await losesAnAnswer(language)
      const { exit, stderr } = start([counter, '1'], { LOCKSTEP_URL: url })
      expect(await exit, stderr()).toBe(0)
      expect(keys).toHaveLength(2)
      expect(keys[1]).toBe(keys[0])
      expect(fences[1]).toBe(fences[0])
      expect(readFileSync(counter, 'utf8')).toBe(`1 ${fences[0]}\n`)
    })
  })

  describe('refuses to write below the fence of a later holder', () => {
    inEachLanguage('counter/counter', async ({ start, out }) => {
      const counter = path.join(out, 'counter')
      writeFileSync(counter, `7 ${Number.MAX_SAFE_INTEGER}\n`)
      const { exit, stderr } = start([counter, '1'])
      expect(await exit).not.toBe(0)
      expect(stderr()).toContain('stale fence')
      expect(readFileSync(counter, 'utf8')).toBe(`7 ${Number.MAX_SAFE_INTEGER}\n`)
      expect(await get('/v1/locks/counter')).toMatchObject({ state: 'free' })
    })
  })
})
