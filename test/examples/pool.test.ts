import path from 'node:path'
import { describe, expect } from 'vitest'
import { until } from '../support/until.js'
import { useExamples } from './programs.js'

const { get, harness, inEachLanguage, post } = useExamples()

describe('a pool of workers', () => {
  inEachLanguage('pool/pool', async ({ run, start, out }) => {
    const pool = path.basename(out)
    const semaphore = `/v1/semaphores/${pool}@jobs`
    const workers = ['a', 'b', 'c'].map((worker) => run(pool, worker, '1', '2'))
    const said = (await Promise.all(workers)).join('').trim().split('\n').sort()
    expect(said).toEqual(
      ['a', 'b', 'c'].flatMap((worker) => [`${worker} did 1`, `${worker} did 2`]),
    )

    // Both permits are taken: a worker waits, and stops when its session ends.
    await post(`${semaphore}/acquire`, { capacity: 2, permits: 2, ttlMs: 600_000 }).expect(200)
    const { exit, stdout } = start([pool, pool, '1'])
    await until('it waits', async () => (await get(semaphore)).queueLength === 1)
    const { items } = await get('/v1/sessions?limit=1000')
    const { id } = items.find((session: Session) => session.metadata?.worker === pool)
    await harness
      .request('delete', `/v1/sessions/${id}`)
      .set('lockstep-namespace', 'default')
      .expect(204)
    expect(await exit).not.toBe(0)
    expect(stdout()).toBe('')
  })
})

interface Session {
  readonly metadata?: { readonly worker?: string }
}
