import { createRequire } from 'node:module'
import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { createLogger } from '../../src/logging/logger.js'
import { ScriptError, StoreError, toStoreError } from '../../src/redis/errors.js'
import { startHarness } from '../support/harness.js'
import { start } from '../support/managed.js'
import { until } from '../support/until.js'

const SECRET = 'hush-hush'

type ErrorClass = new (...args: never[]) => Error

/** Every error class of the client library, including those that an upgrade adds. */
function clientErrors(): [string, Error][] {
  const from = createRequire(import.meta.resolve('ioredis'))
  const modules = [
    'redis-errors',
    'ioredis/built/errors',
    'ioredis/built/resp/errors',
    'ioredis/built/errors/ClusterAllFailedError',
  ].map((name) => from(name) as Record<string, unknown>)
  const classes = modules
    .flatMap(Object.values)
    .filter((one): one is ErrorClass => isErrorClass(one))
  return classes.map((Class) => {
    const error = new Class(
      ...([
        "ERR unknown command 'eval', with args beginning with: 'hush-hush'",
        Buffer.from(SECRET),
        0,
      ] as never[]),
    )
    const inner = Object.assign(new Error('inner'), { command: { args: [SECRET] } })
    return [
      Class.name,
      Object.assign(error, {
        command: { name: 'hello', args: ['3', 'AUTH', 'default', SECRET] },
        previousErrors: [inner],
        lastNodeError: inner,
        cause: inner,
      }),
    ]
  })
}

const isErrorClass = (one: unknown): boolean =>
  typeof one === 'function' && one.prototype instanceof Error

function recordLines() {
  const lines: string[] = []
  const write = (chunk: Buffer, _encoding: string, done: () => void) => {
    lines.push(String(chunk))
    done()
  }
  return { lines, logger: createLogger('trace', new Writable({ write })) }
}

it('knows the classes of the client', () => {
  expect(clientErrors().map(([name]) => name)).toEqual(
    expect.arrayContaining([
      'ReplyError',
      'SimpleError',
      'ParserError',
      'AbortError',
      'MaxRetriesPerRequestError',
      'ClusterAllFailedError',
    ]),
  )
})

it.each(clientErrors())('logs a %s without its arguments', (_name, error) => {
  const { lines, logger } = recordLines()
  logger.error(error)
  logger.child({ reqId: '1' }).trace({ err: error, other: error, stored: toStoreError(error) })
  expect(lines).toHaveLength(2)
  expect(lines.join()).toContain('"stack"')
  expect(lines.join()).not.toContain(SECRET)
})

it('keeps arguments out of its own errors', () => {
  for (const [, error] of clientErrors()) {
    const stored = toStoreError(error)
    expect(stored).toSatisfy((one) => one instanceof StoreError || one instanceof ScriptError)
    expect(JSON.stringify([stored.message, stored.stack, stored])).not.toContain(SECRET)
  }
})

it('logs no arguments of a command that the server lacks', async () => {
  const redis = await start({ conf: ['rename-command EVALSHA ""'] })
  const harness = await startHarness({ redisUrl: redis.url })
  await harness
    .request('post', `/v1/locks/${SECRET}/acquire`)
    .set('idempotency-key', SECRET)
    .expect(503)
  await until('the line', () => harness.log.some((line) => line.includes('unknown command')))
  expect(harness.log.join('')).not.toContain(SECRET)
  await harness.close()
})
