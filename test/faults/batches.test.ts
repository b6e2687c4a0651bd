import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBinder } from '../../src/redis/binder.js'
import { type Connection, openConnection } from '../../src/redis/connection.js'
import { redisKey } from '../../src/redis/keys.js'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { list } from '../../src/redis/reply.js'
import { defineScript } from '../../src/redis/script.js'
import { SILENCE_MS, WAIT_MS } from '../support/bounds.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { ready } from '../support/harness.js'
import { until } from '../support/until.js'

const script = defineScript({
  name: 'test.echo',
  file: new URL('../redis/scripts/echo.lua', import.meta.url),
  keys: ['subject'],
  args: ['verb', 'word[]'],
  decode: (reply) => list(reply),
})

let redis: ManagedRedis
let proxy: FaultProxy
/** Waits for its answers longer than any pause of a busy machine. */
let patient: Connection
/** Gives up soon. */
let hasty: Connection
let batches: number[]
let call: (word: string) => Promise<unknown[]>

beforeAll(async () => {
  redis = await startManagedRedis({
    toolsFolder: path.resolve(import.meta.dirname, '../../.lockstep'),
  })
  proxy = await startFaultProxy(redis.url)
  const open = (timeoutMs: number) =>
    openConnection({ url: proxy.url, purpose: 'commands', timeoutMs })
  patient = open(WAIT_MS)
  hasty = open(SILENCE_MS)
})
afterAll(async () => {
  patient.close()
  hasty.close()
  await proxy.close()
  await redis.stop()
})

async function callOver(connection: Connection) {
  await ready(connection)
  batches = []
  const observer = {
    batch: (_script: string, calls: number) => batches.push(calls),
    failure: () => undefined,
  }
  const run = createBinder({ connection, clockOffsetUs: () => 0, observer }).bind(script)
  const subject = redisKey('batches', 'x', 'k', 'one')
  call = (word) => run({ subject }, { verb: 'args', word: [word] })
  await call('so that Redis knows the script')
  batches = []
}

/** Sends five calls in five turns of the event loop; Redis answers none. */
async function fiveTurns() {
  const sent = proxy.sent(script.program.sha)
  const calls = []
  for (const word of ['a', 'b', 'c', 'd', 'e']) {
    calls.push(call(word))
    await nextTurn()
    await nextTurn()
  }
  const settled = Promise.allSettled(calls)
  await until('two batches', () => proxy.sent(script.program.sha) === sent + 2)
  return { settled, sent: () => proxy.sent(script.program.sha) - sent }
}

it('two batches are in flight at a time: later calls leave together after an answer', async () => {
  await callOver(patient)
  proxy.hold()
  const { settled } = await fiveTurns()
  proxy.heal()
  const answers = await settled
  expect(answers.map((one) => one.status === 'fulfilled' && one.value[2])).toEqual([
    ...['a', 'b', 'c', 'd', 'e'],
  ])
  expect(batches).toEqual([1, 1, 3])
})

it('calls that wait behind an unanswered batch are refused, and were not sent', async () => {
  await callOver(hasty)
  proxy.dropReplies()
  const { settled, sent } = await fiveTurns()
  const answers = await settled
  expect(answers.map((one) => one.status === 'rejected' && one.reason.code)).toEqual([
    'outcome-unknown',
    'outcome-unknown',
    ...Array(3).fill('store-unavailable'),
  ])
  expect(sent()).toBe(2)
  proxy.heal()
})
