// The service without Redis: the same app, hooks, schemas and routes; only the store of the locks
// answers by itself. This is the cost of HTTP, the lower bound of the service.
import { pino } from 'pino'
import { buildApp } from '../dist/app.js'
import { loadConfig } from '../dist/config.js'
import * as locks from '../dist/locks/domain.js'
import { createLockMetrics } from '../dist/locks/metrics.js'

const store = {
  acquire: async () => ({
    kind: 'granted',
    token: 'u3Jq0c9mT1uVwX2yZ4aBcD',
    fences: [1_795_000_000_000_000],
    mode: 'exclusive',
    expiresInMs: 29_999,
    waitedMs: 0,
    holdCount: 1,
    replayed: false,
  }),
  drain() {},
  close() {},
}

const echo = {
  ...locks.locks,
  create: ({ metrics, settings: { idempotencyTtlMs } }) =>
    locks.toRunning({ store, metrics: createLockMetrics(metrics), idempotencyTtlMs }),
}

const config = loadConfig(process.env)
const connections = {
  commands: undefined,
  probe: { isUp: () => true },
  pubSub: undefined,
  close() {},
}
const { app } = buildApp(
  { config, connections, logger: pino({ level: 'warn' }) },
  [echo],
  () => ({}),
)
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
process.on('SIGTERM', () => app.close().then(() => process.exit(0)))
