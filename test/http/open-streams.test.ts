import Fastify, { type FastifyInstance } from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { type EventStream, installEventStreams } from '../../src/http/event-stream.js'
import { OpenStreams, type StreamEnd } from '../../src/http/open-streams.js'
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
