// The service without Redis: the same app, hooks, schemas and routes; only the stores answer by
// themselves. What it costs is the cost of HTTP, which the service cannot go below.
import { pino } from 'pino'
import { buildApp } from '../dist/app.js'
import { loadConfig } from '../dist/config.js'
import { echoDomains } from './echo-stores.mjs'

const config = loadConfig(process.env)
const links = { commands: undefined, probe: { isUp: () => true }, signals: undefined, close() {} }
const { app } = buildApp(
  { config, links, logger: pino({ level: 'warn' }) },
  echoDomains,
  () => ({}),
)
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
process.on('SIGTERM', () => app.close().then(() => process.exit(0)))
