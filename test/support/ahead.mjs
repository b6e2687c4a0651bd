// Runs the built service (DIST). A message from the parent, in milliseconds, sets how far the clock
// of its scripts is ahead of Redis.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { pino } from 'pino'

const dist = (file) => import(pathToFileURL(path.join(process.env.DIST, file)).href)
const { buildApp } = await dist('app.js')
const { loadConfig } = await dist('config.js')
const { openConnections } = await dist('redis/connections.js')

const config = loadConfig(process.env)
const ignore = () => undefined
const { redisUrl: url, redisTimeoutMs: timeoutMs } = config
const connections = openConnections({ url, timeoutMs, onRefused: ignore })
let aheadUs = 0
process.on('message', (aheadMs) => {
  aheadUs = aheadMs * 1_000
  process.send('ahead')
})
const logger = pino({ level: 'silent' })
const { app } = buildApp({ config, connections, logger, clockOffsetUs: () => aheadUs })
process.send(await app.listen({ host: '127.0.0.1', port: 0 }))
