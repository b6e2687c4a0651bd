import { describe, expect, it } from 'vitest'
import { type Harness, startHarness, useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { loadingDriver, originFile, SPACE } from './driver.js'
import { type Answer, type TestOrigin, text, useOrigin, usual } from './test-origin.js'

const harness = useHarness()
const { get, put, remove, invalidate, loadFrom } = loadingDriver(harness)

/** An origin that keeps its requests until the test answers them. */
async function useSlowOrigin() {
  const origin = await useOrigin()
  const held: (() => void)[] = []
  let answer: Answer = usual
  origin.answer = (request, response) => void held.push(() => answer(request, response))
  return {
    origin,
    /** Answers what is held, and from then on at once. */
    answer(as: Answer = usual) {
      answer = as
      for (const one of held.splice(0)) one()
      origin.answer = as
    },
    asked: (times: number) => until(`${times} requests`, () => origin.paths.length >= times),
  }
}

it('1000 misses over three instances reach the origin once', async () => {
  const { origin, answer, asked } = await useSlowOrigin()
  const file = originFile(origin, harness.namespace)
  const others = await Promise.all([1, 2].map(() => startHarness({ configFile: file })))
  try {
    loadFrom(origin)
    const instances = [harness, ...others]
    const answers = Array.from({ length: 1_000 }, (_, i) => misses(instances[i % 3] as Harness))
    await asked(1)
    answer()
    const texts = await Promise.all(answers)
    expect(new Set(texts)).toEqual(new Set(['value of one']))
    expect(origin.count('one')).toBe(1)
  } finally {
    for (const other of others) await other.close()
  }
})

const read = ({ app }: Harness, key: string) =>
  app.inject({
    url: `/v1/cache/${SPACE}/${key}`,
    headers: { 'lockstep-namespace': harness.namespace },
  })

/** On a busy machine the time that a request waits may end before the value is there. */
async function misses(instance: Harness): Promise<string> {
  const { payload } = await until('a value', async () => {
    const answer = await read(instance, 'one')
    return answer.statusCode !== 503 && answer
  })
  return payload
}

describe('a value that is written or invalidated while it is loaded', () => {
  /** A load that was sent, with the request that began it and one that came after it was sent. */
  async function loading(
    key: string,
    { origin, asked }: { origin: TestOrigin; asked(n: number): Promise<unknown> },
  ) {
    loadFrom(origin)
    const first = get(key).then((answer) => answer)
    await asked(1)
    return first
  }

  it('a hard invalidation: only requests from before get what was loaded', async () => {
    const slow = await useSlowOrigin()
    const first = loading('hard', slow)
    await slow.asked(1)
    await invalidate({ keys: ['hard'], mode: 'hard' }).expect(204)
    const second = get('hard').then((answer) => answer)
    slow.answer(text('old'))
    slow.origin.answer = text('new')
    expect((await first).text).toBe('old')
    expect((await second).text).toBe('new')
    expect((await get('hard')).text).toBe('new')
  })

  it('a soft invalidation: a request from after it reads again', async () => {
    const slow = await useSlowOrigin()
    const first = loading('soft', slow)
    await slow.asked(1)
    await invalidate({ keys: ['soft'] }).expect(204)
    const second = get('soft').then((answer) => answer)
    slow.answer(text('old'))
    slow.origin.answer = text('new')
    expect((await first).text).toBe('old')
    expect((await second).text).toBe('new')
  })

  it('a PUT: it stands, and a request from after it gets it', async () => {
    const slow = await useSlowOrigin()
    const first = loading('put', slow)
    await slow.asked(1)
    await put('put', 'put')
    expect((await get('put').expect(200)).text).toBe('put')
    slow.answer(text('old'))
    expect((await first).text).toBe('old')
    expect((await get('put').expect(200)).text).toBe('put')
  })

  it('a DELETE: the key is loaded again', async () => {
    const slow = await useSlowOrigin()
    const first = loading('deleted', slow)
    await slow.asked(1)
    await remove('deleted')
    slow.answer(text('old'))
    slow.origin.answer = text('new')
    expect((await first).headers['cache-status']).toBe('lockstep; fwd=uri-miss; fwd-status=200')
    expect((await get('deleted')).text).toBe('new')
  })
})

it('the service that shuts down answers the requests that wait', async () => {
  const { origin, asked } = await useSlowOrigin()
  const file = originFile(origin, harness.namespace, { origin: { maxConcurrent: 1 } })
  const closing = await startHarness({ configFile: file })
  const answers = ['closing-1', 'closing-2'].map((key) => read(closing, key))
  await asked(1)
  await closing.close()
  for (const { statusCode } of await Promise.all(answers)) expect([502, 503]).toContain(statusCode)
})
