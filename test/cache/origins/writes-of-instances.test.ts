import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, inject, it } from 'vitest'
import { type Harness, startHarness, useHarness } from '../../support/harness.js'
import { startService } from '../../support/service.js'
import { tempFolder } from '../../support/temp-folder.js'
import { until } from '../../support/until.js'
import { loadingDriver, originFile, SPACE } from './driver.js'
import { useWritableOrigin } from './writable-origin.js'

const harness = useHarness()
const { get, put, loadFrom } = loadingDriver(harness)

const APPLY_MS = 3_000_000
const UNSTORED = 'lockstep; fwd=uri-miss; fwd-status=200'
const SETTINGS = {
  staleMs: 600_000,
  l1: {},
  origin: { write: 'through', applyWithinMs: APPLY_MS },
}

const on = ({ app }: Harness, method: 'GET' | 'PUT', key: string, payload?: string) =>
  app.inject({
    method,
    url: `/v1/cache/${SPACE}/${key}`,
    headers: { 'lockstep-namespace': harness.namespace, 'content-type': 'text/plain' },
    ...(payload !== undefined && { payload }),
  })

it('no instance serves from its memory what another has overwritten', async () => {
  const origin = await useWritableOrigin()
  loadFrom(origin, SETTINGS)
  const other = await startHarness({ configFile: originFile(origin, harness.namespace, SETTINGS) })
  try {
    const isFromMemory = async () =>
      /detail=L1/.test(`${(await on(other, 'GET', 'memory')).headers['cache-status']}`)
    for (const value of ['one', 'two', 'three']) {
      await put('memory', value).expect(({ status }) => expect([201, 204]).toContain(status))
      expect((await get('memory').expect(200)).text).toBe(value)
      await until(`${value} in the other instance`, async () => {
        return (await on(other, 'GET', 'memory')).payload === value
      })
      await until('its memory', isFromMemory)
    }
    // Its own write, also where the outcome is unknown.
    origin.onWrite = (_request, response) => {
      origin.apply(origin.writes.at(-1) as (typeof origin.writes)[0])
      response.destroy()
    }
    expect((await on(other, 'PUT', 'memory', 'four')).statusCode).toBe(503)
    expect((await on(other, 'GET', 'memory')).payload).toBe('four')
  } finally {
    await other.close()
  }
})

it('a reader that waits for the load of another instance goes on when a write begins', async () => {
  const origin = await useWritableOrigin()
  loadFrom(origin, SETTINGS)
  const { answer } = origin
  const held: (() => void)[] = []
  origin.values.set('waits', 'old')
  origin.answer = (request, response) => void held.push(() => answer(request, response))
  const other = await startHarness({ configFile: originFile(origin, harness.namespace, SETTINGS) })
  try {
    const first = get('waits').then((reply) => reply)
    await until('its load', () => held.length === 1)
    const waiting = on(other, 'GET', 'waits')
    await until('a reader that waits', async () => (await waitersOf(other)) === 1)
    const write = put('waits', 'new').then((reply) => reply)
    await until('the write, and the load of the reader', () => held.length === 3)
    for (const release of held.splice(0)) release()
    expect(['old', 'new']).toContain((await waiting).payload)
    expect((await waiting).headers['cache-status']).toBe(UNSTORED)
    expect([(await first).text, (await write).status]).toEqual(['old', 204])
    origin.answer = answer
    expect((await get('waits').expect(200)).text).toBe('new')
  } finally {
    await other.close()
  }
})

async function waitersOf({ app }: Harness): Promise<number> {
  const { payload } = await app.inject('/metrics')
  return Number(/^lockstep_cache_waiters (\d+)$/m.exec(payload)?.[1])
}

it('an instance that is killed between begin and end leaves a note, which ends by itself', async () => {
  const origin = await useWritableOrigin()
  loadFrom(origin, SETTINGS)
  await put('killed', 'old').expect(201)
  const file = path.join(tempFolder(), 'lockstep.yaml')
  writeFileSync(file, originFile(origin, harness.namespace, SETTINGS))
  const service = await startService({
    LOCKSTEP_REDIS_URL: inject('redisUrl'),
    LOCKSTEP_CONFIG_FILE: file,
  })
  const url = await service.ready()
  let isArrived = false
  origin.onWrite = () => {
    isArrived = true
  }
  const lost = fetch(`${url}/v1/cache/${SPACE}/killed`, {
    method: 'PUT',
    headers: { 'lockstep-namespace': harness.namespace },
    body: 'new',
  }).catch(() => 'lost')
  await until('the write', () => isArrived)
  service.child.kill('SIGKILL')
  await service.exit
  expect(await lost).toBe('lost')
  // Longer than the value is served during a write, and within the time of the origin.
  harness.advance(APPLY_MS - 600_000)
  const before = await get('killed').expect(200)
  expect([before.text, before.headers['cache-status']]).toEqual(['old', UNSTORED])
  origin.apply(origin.writes.at(-1) as (typeof origin.writes)[0])
  expect((await get('killed').expect(200)).text).toBe('new')
  harness.advance(APPLY_MS)
  const after = await get('killed').expect(200)
  expect([after.text, after.headers['cache-status']]).toEqual(['new', `${UNSTORED}; stored`])
})
