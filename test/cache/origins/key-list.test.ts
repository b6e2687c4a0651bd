import { expect, it } from 'vitest'
import type { Exchanged } from '../../../src/cache/origins/client.js'
import { Slots } from '../../../src/cache/origins/loading/slots.js'
import { readKeyList } from '../../../src/cache/origins/warming/key-list.js'
import { until } from '../../support/until.js'

const place = { namespace: 'default', space: 'users' }
const answered = (text: string, status = 200): Exchanged => ({
  kind: 'answered',
  status,
  headers: {},
  body: Buffer.from(text),
})

/** Reads a list whose requests end so, the last one again and again. */
function reading(ends: readonly Exchanged[], pausesMs: readonly number[] = [1, 1]) {
  const slots = new Slots(2)
  const stop = new AbortController()
  const urls: string[] = []
  const list = async (_place: unknown, url: string) => {
    urls.push(url)
    return ends[Math.min(urls.length, ends.length) - 1] as Exchanged
  }
  const options = { origin: { list, slots }, url: 'http://a/keys', pausesMs }
  const start = () => readKeyList(options, place, stop.signal)
  return { start, slots, stop, urls }
}
const why = (detail: string) => ({ kind: 'failed', detail: `The list of keys: ${detail}` })

it('is an array of keys, each of them once', async () => {
  const { start, slots } = reading([answered('["7","ü/8","7"]')])
  expect(await start()).toEqual({ kind: 'read', keys: ['7', 'ü/8'] })
  expect(slots.used).toBe(0)
  expect(await reading([answered('[]')]).start()).toEqual({ kind: 'read', keys: [] })
})

const many = JSON.stringify(Array.from({ length: 10_001 }, (_, i) => `${i}`))
it.each<[string, Exchanged, string | RegExp]>([
  ['another status', answered('["7"]', 500), 'The origin answered 500.'],
  ['a redirect', answered('', 302), 'The origin answered 302.'],
  ['an answer that is cut', { kind: 'broken' }, 'The answer of the origin broke off.'],
  ['more than a value may have', { kind: 'too-large' }, /larger than any value/],
  ['more than a request may have', answered(' '.repeat(655_361)), /larger than 655360 bytes/],
  ['what is no JSON', answered('7\n8\n'), 'It is not JSON.'],
  ['what is no list', answered('{"keys":["7"]}'), /^The list of keys: It .*array/],
  ['a number', answered('["7",8]'), /Its item 1 .*text|string/],
  ['an empty key', answered('[""]'), /Its item 0 /],
  ['a control character', answered('["a\\u0000"]'), /Its item 0 /],
  ['a segment of dots', answered('["7","../admin"]'), /Its item 1 may not have \. or \.\./],
  ['too many keys', answered(many), /^The list of keys: It .*10000/],
])('is refused whole: %s', async (_, exchanged, detail) => {
  const { start, urls, slots } = reading([exchanged])
  const end = await start()
  expect(end).toEqual(
    typeof detail === 'string'
      ? why(detail)
      : { kind: 'failed', detail: expect.stringMatching(detail) },
  )
  expect([urls.length, slots.used]).toEqual([1, 0])
})

it('waits for an origin that is away, and gives up', async () => {
  const away: Exchanged[] = [{ kind: 'unreachable' }, answered('', 503)]
  const back = reading([...away, answered('["7"]')])
  expect(await back.start()).toEqual({ kind: 'read', keys: ['7'] })
  expect(back.urls).toHaveLength(3)
  const gone = reading([...away, { kind: 'timeout' }])
  expect(await gone.start()).toEqual(why('The origin did not answer in time.'))
  expect([gone.urls.length, gone.slots.used]).toEqual([3, 0])
})

it('ends when it is stopped: while it waits for an origin, or for a slot', async () => {
  const away = reading([{ kind: 'unreachable' }], [3_600_000])
  const waiting = away.start()
  await until('its request', () => away.urls.length === 1)
  away.stop.abort()
  expect(await waiting).toEqual({ kind: 'read', keys: [] })

  const busy = reading([answered('["7"]')])
  expect(busy.slots.takeInBackground()).toBe(true)
  const queued = busy.start()
  busy.stop.abort()
  expect(await queued).toEqual({ kind: 'read', keys: [] })
  expect(busy.urls).toEqual([])
})

it('waits for a slot of the background', async () => {
  const busy = reading([answered('["7"]')])
  busy.slots.takeInBackground()
  const queued = busy.start()
  busy.slots.release(true)
  expect(await queued).toEqual({ kind: 'read', keys: ['7'] })
})
