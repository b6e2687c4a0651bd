import { expect, inject, it, onTestFinished } from 'vitest'
import { keysOf } from '../cache/keys.js'
import { startHarness } from '../support/harness.js'
import { startService } from '../support/service.js'
import { until } from '../support/until.js'

it('another instance takes over the sweeps of an instance that dies', async () => {
  const harness = await startHarness()
  onTestFinished(() => harness.close())
  const dying = await startService({ LOCKSTEP_REDIS_URL: inject('redisUrl') })
  await harness.request('put', '/v1/cache/doomed/k').send('x').expect(201)
  const answer = await fetch(`${await dying.ready()}/v1/cache/doomed/invalidate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'lockstep-namespace': harness.namespace },
    body: JSON.stringify({ all: true, mode: 'hard' }),
  })
  dying.child.kill('SIGKILL')
  expect(answer.status).toBe(204)

  const { entry } = keysOf(harness, 'k', 'doomed')
  await until('an empty space', async () => (await harness.redis.exists(entry)) === 0)
})
