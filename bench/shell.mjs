// The thinnest Fastify app that does each job with a known library or a plain command, on a Redis
// of the same kind.
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { Mutex } from 'redis-semaphore'

const redis = new Redis(process.env.LOCKSTEP_REDIS_URL.replace('unix://', ''))
const app = Fastify({ logger: false })

app.post('/echo', (request, reply) => reply.send({ name: 'b', ...request.body }))
app.get('/echo', (_request, reply) => reply.headers(CACHE_HEADERS).send(VALUE))

app.post('/locks/:name/acquire', async (request, reply) => {
  const { ttlMs } = request.body
  const mutex = new Mutex(redis, request.params.name, { lockTimeout: ttlMs, refreshInterval: 0 })
  if (!(await mutex.tryAcquire())) return reply.code(423).send({ held: true })
  return { token: mutex.identifier, ttlMs }
})
app.post('/locks/:name/release', async (request) => {
  const mutex = new Mutex(redis, request.params.name, {
    identifier: request.body.token,
    acquiredExternally: true,
  })
  await mutex.release()
  return { released: true }
})

const limiter = (keyPrefix, points, more) =>
  new RateLimiterRedis({ storeClient: redis, keyPrefix, points, duration: 60, ...more })
const limiters = {
  one: [limiter('one', 1e9)],
  four: [0, 1, 2, 3].map((i) => limiter(`four-${i}`, 1e9)),
  spent: [limiter('spent', 1, { duration: 86_400, inMemoryBlockOnConsumed: 1 })],
}
app.post('/check/:limiter', async (request, reply) => {
  const { key } = request.body
  try {
    const results = await Promise.all(
      limiters[request.params.limiter].map((each) => each.consume(key)),
    )
    const [{ remainingPoints, msBeforeNext }] = results
    reply.headers({ 'ratelimit-remaining': remainingPoints, 'ratelimit-reset': msBeforeNext })
    return { allowed: true, remaining: remainingPoints, resetMs: msBeforeNext }
  } catch (denied) {
    if (denied instanceof Error) throw denied
    reply.headers({ 'ratelimit-remaining': 0, 'retry-after': denied.msBeforeNext / 1_000 })
    return { allowed: false, remaining: 0, resetMs: denied.msBeforeNext }
  }
})

app.addContentTypeParser(
  'application/octet-stream',
  { parseAs: 'buffer' },
  (_request, body, done) => done(null, body),
)
app.get('/cache/:key', async (request, reply) => {
  const value = await redis.getBuffer(request.params.key)
  return value ? reply.type('application/octet-stream').send(value) : reply.code(404).send()
})
app.put('/cache/:key', async (request) => {
  await redis.set(request.params.key, request.body, 'PX', 300_000)
  return { stored: true }
})
app.post('/cache/get-many', async (request) => {
  const { keys } = request.body
  const values = await redis.mget(keys)
  return { results: keys.map((key, i) => ({ key, value: values[i] })) }
})

app.post('/boards/:board/scores', async (request) => {
  const { board } = request.params
  const { member, score } = request.body
  const [[, changed], [, rank]] = await redis
    .pipeline()
    .zadd(board, score, member)
    .zrevrank(board, member)
    .exec()
  return { member, changed, rank: rank + 1 }
})
const page = async (board, first, last) => {
  const flat = await redis.zrevrange(board, first, last, 'WITHSCORES')
  const entries = []
  for (let i = 0; i < flat.length; i += 2) {
    entries.push({ member: flat[i], score: Number(flat[i + 1]), rank: first + i / 2 + 1 })
  }
  return { entries }
}
app.get('/boards/:board/top', (request) => page(request.params.board, 0, 9))
app.get('/boards/:board/around/:member', async (request) => {
  const { board, member } = request.params
  const rank = await redis.zrevrank(board, member)
  return page(board, Math.max(0, rank - 5), rank + 5)
})

/** The counterpart of an answer from L1. */
const VALUE = Buffer.alloc(100, 'x')
const CACHE_HEADERS = {
  'x-request-id': 'req-1',
  vary: 'Authorization, Lockstep-Namespace',
  'content-type': 'application/octet-stream',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  etag: '"hp9ji8l5s0"',
  age: 1,
  'cache-status': 'lockstep; hit; ttl=37; detail=L1',
  'lockstep-state': 'fresh',
  'cache-control': 'private, no-store',
}

process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
// The limiters keep timers of a day, so the process would not end by itself.
process.on('SIGTERM', () => app.close().then(() => process.exit(0)))
