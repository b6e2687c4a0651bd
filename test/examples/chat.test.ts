import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { until } from '../support/until.js'
import { type Example, useExamples } from './programs.js'

const { inEachLanguage } = useExamples()

async function startChat({ start, out }: Example, environment?: Record<string, string>) {
  const { stdout } = start([path.basename(out), '0'], environment)
  return until('it listens', () => /^(http\S+)\n/.exec(stdout())?.[1])
}

const say = (url: string, text: string) =>
  fetch(`${url}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': text },
    body: JSON.stringify({ entries: [{ event: 'said', data: { by: 'ada', text } }] }),
  })

describe('the server of a chat', () => {
  describe('serves the page, and passes its two calls on', () => {
    inEachLanguage('chat/chat', async (example) => {
      const url = await startChat(example)
      expect(await (await fetch(url)).text()).toContain("new EventSource('events')")
      expect((await fetch(`${url}/v1/streams`)).status).toBe(404)
      expect((await say(url, 'hello')).status).toBe(201)
      const again = await say(url, 'hello')
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      await say(url, 'goodbye')
      const events = await fetch(`${url}/events`)
      let text = ''
      for await (const chunk of events.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        if (/goodbye.*\n\n/.test(text)) break
      }
      expect(text.match(/"text":"\w+"/g)).toEqual(['"text":"hello"', '"text":"goodbye"'])
    })
  })

  describe('sends its token, and cuts the page off where there is no service', () => {
    inEachLanguage('chat/chat', async (example) => {
      const seen: unknown[] = []
      const service = http.createServer(({ method, headers }, response) => {
        seen.push(headers.authorization)
        response.writeHead(method === 'PUT' ? 412 : 503).end('{}')
      })
      await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => void service.close())
      const { port } = service.address() as AddressInfo
      const url = await startChat(example, {
        LOCKSTEP_URL: `http://127.0.0.1:${port}`,
        LOCKSTEP_TOKEN: 'secret',
      })
      await expect(fetch(`${url}/events`)).rejects.toThrow('fetch failed')
      await expect(say(url, 'hello')).rejects.toThrow('fetch failed')
      expect(seen).toEqual(['Bearer secret', 'Bearer secret', 'Bearer secret'])
    })
  })
})
