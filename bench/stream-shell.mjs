// The thinnest Fastify app for a stream by the commands of Redis Streams: XADD, XRANGE, XREADGROUP and
// XACK, and one XREAD that waits, for all who follow.
import Fastify from 'fastify'
import { Redis } from 'ioredis'

const socket = process.env.LOCKSTEP_REDIS_URL.replace('unix://', '')
const redis = new Redis(socket, { keyPrefix: 'stream:' })
const app = Fastify({ logger: false })

const toItem = ([id, [, event, , data]]) => ({ id, event, data: JSON.parse(data) })
const bound = ['MAXLEN', '~', 20_000]
const add = (to, stream, { event, data }) =>
  to.xadd(stream, ...bound, '*', 'event', event, 'data', JSON.stringify(data))

app.post('/streams/:stream/entries', async (request, reply) => {
  const { stream } = request.params
  const { entries } = request.body
  reply.code(201)
  if (entries.length === 1) return { entries: [{ id: await add(redis, stream, entries[0]) }] }
  const added = redis.pipeline()
  for (const entry of entries) add(added, stream, entry)
  return { entries: (await added.exec()).map(([, id]) => ({ id })) }
})
app.get('/streams/:stream/entries', async (request) => {
  const entries = await redis.xrange(request.params.stream, '-', '+', 'COUNT', request.query.limit)
  return { items: entries.map(toItem) }
})

app.put('/streams/:stream/groups/:group', async (request) => {
  const { stream, group } = request.params
  await redis.xgroup('CREATE', stream, group, '$', 'MKSTREAM')
  return { name: group }
})
app.post('/streams/:stream/groups/:group/receive', async (request) => {
  const { stream, group } = request.params
  const { limit } = request.body
  const read = ['GROUP', group, 'consumer', 'COUNT', limit, 'STREAMS', stream, '>']
  const found = await redis.xreadgroup(...read)
  const items = found?.[0][1].map((entry) => ({ ...toItem(entry), receipt: entry[0] })) ?? []
  return { items }
})
app.post('/streams/:stream/groups/:group/settle', async (request) => {
  const { stream, group } = request.params
  const { ack } = request.body
  await redis.xack(stream, group, ...ack)
  return { results: ack.map((receipt) => ({ receipt, status: 'acked' })) }
})

/** Of one stream, which an endless loop reads for all listeners. */
const listeners = new Set()
app.get('/streams/:stream/events', (request, reply) => {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  raw.write('event: following\ndata: {}\n\n')
  raw.on('close', () => listeners.delete(raw))
  if (listeners.add(raw).size === 1) void follow(request.params.stream)
})

async function follow(stream) {
  const reader = new Redis(socket, { keyPrefix: 'stream:' })
  let last = '0'
  while (listeners.size > 0) {
    const found = await reader.xread('BLOCK', 1_000, 'STREAMS', stream, last)
    for (const entry of found?.[0][1] ?? []) {
      const { event, ...item } = toItem(entry)
      last = item.id
      const frame = `event: ${event}\nid: ${last}\ndata: ${JSON.stringify(item)}\n\n`
      for (const listener of listeners) listener.write(frame)
    }
  }
  reader.disconnect()
}

process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
process.on('SIGTERM', () => process.exit(0))
