import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type Harness, startHarness, useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { loadingDriver, originFile, SPACE } from './driver.js'
import { startOrigin, status, text } from './test-origin.js'

/** `.ci/long` takes a minute. */
const OUTAGE_MS = Number(process.env.LOCKSTEP_ORIGIN_OUTAGE_MS ?? 1_500)
const READERS = 8
const KEYS = 4

const harness = useHarness()
const { loadFrom } = loadingDriver(harness)

/** Values are out of date nearly always, so nearly every read tries to load. */
const WINDOWS = { ttlMs: 20, errorMs: 3_600_000 }

it('readers of two instances notice nothing while an origin is down', async () => {
  let origin = await startOrigin()
  const { url } = origin
  origin.answer = text('before')
  const other = await startHarness({ configFile: originFile(origin, harness.namespace, WINDOWS) })
  loadFrom(origin, WINDOWS)
  const seen = new Map<string, number>()
  let isOver = false
  const read = async ({ app }: Harness, key: string) => {
    const { statusCode, payload } = await app.inject({
      url: `/v1/cache/${SPACE}/${key}`,
      headers: { 'lockstep-namespace': harness.namespace },
    })
    return `${statusCode} ${payload}`
  }
  const readers = Array.from({ length: READERS }, async (_, reader) => {
    for (let n = reader; !isOver; n++) {
      const answer = await read(reader % 2 === 0 ? harness : other, `key-${n % KEYS}`)
      seen.set(answer, (seen.get(answer) ?? 0) + 1)
    }
  })
  try {
    await until('every key', () => origin.paths.length >= 10 * KEYS)
    // It answers 503, then refuses connections.
    origin.answer = status(503)
    await sleep(OUTAGE_MS / 3)
    await origin.stop()
    await sleep((OUTAGE_MS * 2) / 3)
    const { port } = new URL(url)
    origin = await until('its port', () => startOrigin(Number(port)))
    origin.answer = text('after')
    await until('a value of after the outage', () => seen.has('200 after'))
  } finally {
    isOver = true
    await Promise.all(readers)
    await other.close()
    await origin.stop()
  }
  expect([...seen.keys()].sort()).toEqual(['200 after', '200 before'])
})
