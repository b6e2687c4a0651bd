// The least that a Fastify of one's own costs for a cached value: one GET, no hooks, the same bytes
// and the same headers as the service answers with.
import Fastify from 'fastify'
import { VALUE } from './echo-stores.mjs'

const HEADERS = {
  'x-request-id': 'req-1',
  vary: 'Authorization, Lockstep-Namespace',
  'content-type': 'application/json',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  etag: '"hp9ji8l5s0"',
  age: 1,
  'cache-status': 'lockstep; hit; ttl=37; detail=L1',
  'lockstep-state': 'fresh',
  'cache-control': 'private, no-store',
}

const app = Fastify({ logger: false })
app.get('/v1/cache/:space/:key', async (_request, reply) => reply.headers(HEADERS).send(VALUE))
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
process.on('SIGTERM', () => app.close().then(() => process.exit(0)))
