import { Writable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, it, onTestFinished, vi } from 'vitest'
import { type EventStream, installEventStreams } from '../../src/http/event-stream.js'
import { EVENTS_AGE_MS, OpenStreams, type StreamEnd } from '../../src/http/open-streams.js'
import { openEvents } from '../support/event-client.js'
import { until } from '../support/until.js'

async function startStreams(stuckMs: number, maxAgeMs?: number) {
  const app: FastifyInstance = Fastify()
  installEventStreams(app)
  const ends: StreamEnd[] = []
  const opened: EventStream[] = []
  const streams = new OpenStreams(app, {
    onOpen: () => undefined,
    onEnd: (why) => ends.push(why),
    heartbeatMs: 20,
    ...(maxAgeMs !== undefined && { maxAgeMs }),
  })
  app.get('/', async (_request, reply) => {
    const stream = streams.open(reply, stuckMs)
    stream.send('first', {})
    opened.push(stream)
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  const client = await openEvents({ app, namespace: 't' }, '/')
  onTestFinished(() => client.close())
  return { app, client, ends, stream: opened[0] as EventStream }
}

it('sends heartbeats on an idle stream', async () => {
  const { client, ends } = await startStreams(60_000)
  await until('three heartbeats', () => client.comments() > 2)
  expect(ends).toEqual([])
})

it('cuts off a client that reads nothing for long', async () => {
  const { client, stream, ends } = await startStreams(100)
  client.pause()
  // More than the socket buffers hold.
  for (let i = 0; i < 30; i++) stream.send('much', { text: 'x'.repeat(1_000_000) })

  await until('it is cut off', () => ends.length > 0)

  expect(ends).toEqual(['slow'])
  client.resume()
  expect(await client.ended()).toBe(false)
})

it('ends a stream at its age, as a complete answer', async () => {
  const { client, ends } = await startStreams(60_000, 20)
  expect(await client.ended()).toBe(true)
  expect(client.events).toHaveLength(1)
  await until('it is counted', () => ends.length > 0)
  expect(ends).toEqual(['age'])
})

it('ends streams that can be resumed after 15 to 30 minutes, not all at once', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const ended: number[] = []
  let heartbeats = 0
  const streams = new OpenStreams({ addHook: () => undefined } as never, {
    onOpen: () => undefined,
    onEnd: () => undefined,
    maxAgeMs: EVENTS_AGE_MS,
  })
  const began = performance.now()
  for (let i = 0; i < 100; i++) {
    const raw = Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), {
      writeHead: () => undefined,
      write: (text: string) => {
        if (text.startsWith(':')) heartbeats += 1
        return true
      },
      end() {
        if (!raw.destroyed) ended.push((performance.now() - began) / 60_000)
        return raw.destroy()
      },
    })
    streams.open({ hijack: () => undefined, getHeaders: () => ({}), raw } as never, 60_000)
  }
  vi.advanceTimersByTime(15_000)
  expect(heartbeats).toBe(100)
  vi.advanceTimersByTime(30 * 60_000)
  expect(ended).toHaveLength(100)
  expect(Math.min(...ended)).toBeGreaterThanOrEqual(15)
  // It looks every second.
  expect(Math.max(...ended)).toBeLessThanOrEqual(30.1)
  expect(new Set(ended).size).toBeGreaterThan(50)
})

it('notices that a client disconnected', async () => {
  const { client, ends } = await startStreams(60_000)
  client.close()
  await until('it is noticed', () => ends.length > 0)
  expect(ends).toEqual(['client'])
})

it('ends open streams before the server closes', async () => {
  const { app, client, stream, ends } = await startStreams(60_000)
  stream.send('last', {})
  await app.close()
  expect(await client.ended()).toBe(true)
  expect(client.events).toHaveLength(2)
  expect(ends).toEqual(['draining'])
})
