/** Commands of operators, each a process of its own. */

import { parseArgs } from 'node:util'
import type { Redis } from 'ioredis'
import { readRedisAccess } from '../config/redis-access.js'
import { definitionsOf, loadConfig } from '../config.js'
import { compileTemplates } from '../leaderboards/boards/templates.js'
import { leaderboards } from '../leaderboards/domain.js'
import { importZset } from '../leaderboards/import.js'
import { createLeaderboardStore } from '../leaderboards/store.js'
import { createBinder } from '../redis/binder.js'
import { openConnection } from '../redis/connection.js'
import { ConnectionStates } from '../redis/connection-state.js'

// npm run import-board -- KEY BOARD [--namespace default]
// Copies a ZSET of the Redis at LOCKSTEP_REDIS_URL to a board.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { namespace: { type: 'string', default: 'default' } },
})
const [key, board] = positionals
const config = loadConfig(process.env)
if (!key || !board || !/^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/.test(board)) {
  fail('usage: npm run import-board -- KEY BOARD [--namespace NAME]')
} else if (!config.redisUrl) {
  fail('LOCKSTEP_REDIS_URL must name the Redis that holds the key')
} else {
  await run(key, board)
}

async function run(from: string, to: string): Promise<void> {
  const states = new ConnectionStates()
  states.onChange(({ server, reason }) => reason && fail(`${server} cannot be used: ${reason}`))
  const connection = openConnection({
    url: config.redisUrl,
    access: readRedisAccess(config, 'redis'),
    purpose: 'import',
    timeoutMs: 10_000,
    states,
  })
  try {
    await ready(connection.client as Redis)
    const store = createLeaderboardStore({
      binder: createBinder({
        connection,
        observer: { batch() {}, failure() {} },
        clockOffsetUs: () => 0,
      }),
    })
    store.replaceTemplates(compileTemplates(definitionsOf(config, leaderboards)))
    const names = { key: from, namespace: values.namespace, board: to }
    const { imported, skipped } = await importZset(connection.client as Redis, store, names)
    process.stdout.write(`${imported} members imported, ${skipped.length} skipped\n`)
    for (const member of skipped) process.stdout.write(`skipped ${JSON.stringify(member)}\n`)
  } catch (error) {
    fail((error as Error).message)
  } finally {
    connection.close()
  }
}

function ready(client: Redis): Promise<void> {
  if (client.status === 'ready') return Promise.resolve()
  return new Promise((resolve) => void client.once('ready', () => resolve()))
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
