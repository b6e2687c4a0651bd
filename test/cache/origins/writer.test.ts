import { expect, it } from 'vitest'
import { OriginClient } from '../../../src/cache/origins/client.js'
import type { OriginMetrics } from '../../../src/cache/origins/metrics.js'
import { Origin } from '../../../src/cache/origins/origin.js'
import type { WriteLeases } from '../../../src/cache/origins/writing/store.js'
import { Writer } from '../../../src/cache/origins/writing/writer.js'
import { toPolicy } from '../../../src/cache/spaces/policy.js'
import { StoreError } from '../../../src/redis/errors.js'
import { useOrigin } from './test-origin.js'

const METRICS: OriginMetrics = {
  requested() {},
  delivered() {},
  warmed() {},
  watch() {},
  watchWarmings() {},
}
const key = { namespace: 'default', space: 'users', key: 'a', policy: toPolicy({}) }
const BEGUN = { kind: 'begun', clk: 1, first: 1, version: 0, validator: undefined } as const
const value = { payload: Buffer.from('x'), contentType: 'a/b', contentEncoding: '', tags: [] }

/** A writer whose write lease a test plays, and the names of the scripts that it called. */
async function writing(leases: Partial<WriteLeases>) {
  const called: string[] = []
  const origin = await useOrigin()
  const at = new Origin({ url: `${origin.url}/{key}`, timeoutMs: 30_000 }, METRICS)
  const call =
    <A extends readonly unknown[], R>(name: string, step: (...args: A) => Promise<R>) =>
    (...args: A) => {
      called.push(name)
      return step(...args)
    }
  const sendBefore = performance.now() + 30_000
  const begin = async () => ({ ...BEGUN, sendBefore })
  const writer = new Writer(at, {
    begin: call('begin', leases.begin ?? begin),
    finish: call('finish', leases.finish ?? (async () => ({ kind: 'dropped' }) as const)),
    refused: call('refused', leases.refused ?? (async () => true)),
    unknown: call('unknown', leases.unknown ?? (async () => undefined)),
  })
  const write = () =>
    writer.write(key, { value }, { requestId: 'request-9' }).finally(() => at.close())
  return { origin, called, write }
}

const lost = async () => {
  throw new StoreError('outcome-unknown', 'lost')
}

it('a process that slept since it began sends nothing, and takes its note back', async () => {
  const sendBefore = performance.now()
  const { origin, called, write } = await writing({
    begin: async () => ({ ...BEGUN, sendBefore }),
  })
  expect(await write()).toMatchObject({ kind: 'not-sent', failure: { code: 'origin-unavailable' } })
  expect([origin.paths, called]).toEqual([[], ['begin', 'refused']])
})

it('nothing is sent by a connection that comes too late', async () => {
  const origin = await useOrigin()
  const client = new OriginClient({ origin: origin.url, timeoutMs: 30_000, maxConcurrent: 1 })
  const sent = client.send({
    method: 'PUT',
    path: '/a',
    headers: {},
    body: Buffer.from('x'),
    sendBefore: performance.now(),
    wantsBody: () => false,
  })
  // As after a sleep: the timer comes after the connection.
  expect(await sent).toEqual({ kind: 'unreachable' })
  expect(origin.paths).toEqual([])
  client.close()
})

it('a write that Redis may not have heard of was not sent', async () => {
  const { origin, write } = await writing({ begin: lost })
  await expect(write()).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(origin.paths).toEqual([])
})

it('a write that the origin took has an unknown outcome where Redis does not hear of it', async () => {
  const { called, write } = await writing({ finish: lost })
  expect(await write()).toMatchObject({ kind: 'unknown' })
  expect(called).toEqual(['begin', 'finish'])
})

it('a refusal is one, also where Redis does not hear of it', async () => {
  const { origin, write } = await writing({ refused: lost })
  origin.answer = (_request, response) => void response.writeHead(400).end()
  expect(await write()).toEqual({ kind: 'refused', originStatus: 400 })
})
