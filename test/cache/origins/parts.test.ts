import { describe, expect, it } from 'vitest'
import { BackOffs } from '../../../src/cache/origins/loading/back-offs.js'
import { Circuit } from '../../../src/cache/origins/loading/circuit.js'
import { toLoadedValue } from '../../../src/cache/origins/loading/loaded-value.js'
import { Slots } from '../../../src/cache/origins/loading/slots.js'
import { toOriginPolicy } from '../../../src/cache/origins/policy.js'
import { toPolicy } from '../../../src/cache/spaces/policy.js'

describe('the circuit', () => {
  function closedCircuit() {
    let now = 0
    const circuit = new Circuit(() => now)
    const request = (isUp: boolean) => circuit.begin()?.(isUp)
    return {
      circuit,
      request,
      pass: (ms: number) => {
        now += ms
      },
      fail: (times: number) => {
        for (let i = 0; i < times; i++) request(false)
      },
    }
  }

  it('opens after five failures in a row', () => {
    const { circuit, fail, request } = closedCircuit()
    fail(4)
    request(true)
    fail(4)
    expect([circuit.isOpen, circuit.refusesMs]).toEqual([false, 0])
    fail(1)
    expect([circuit.isOpen, circuit.refusesMs, circuit.begin()]).toEqual([true, 1_000, undefined])
  })

  it('lets one request through at a time, later after each failure', () => {
    const { circuit, fail, pass } = closedCircuit()
    fail(5)
    for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      pass(ms - 1)
      expect(circuit.begin()).toBeUndefined()
      pass(1)
      const end = circuit.begin()
      expect(circuit.begin()).toBeUndefined()
      end?.(false)
    }
    pass(30_000)
    circuit.begin()?.(true)
    expect([circuit.isOpen, circuit.refusesMs]).toEqual([false, 0])
  })

  it('closes with an answer to an earlier request', () => {
    const { circuit, fail } = closedCircuit()
    const end = circuit.begin()
    fail(5)
    end?.(true)
    expect(circuit.isOpen).toBe(false)
  })

  it('does not count an earlier request that fails later', () => {
    const { circuit, fail } = closedCircuit()
    const end = circuit.begin()
    fail(5)
    end?.(false)
    expect(circuit.refusesMs).toBe(1_000)
  })
})

describe('slots', () => {
  it('are given in order', async () => {
    const slots = new Slots(1)
    expect(await slots.take(60_000)).toBe(true)
    const order: string[] = []
    const others = ['a', 'b'].map(async (name) => {
      await slots.take(60_000)
      order.push(name)
      slots.release(false)
    })
    slots.release(false)
    await Promise.all(others)
    expect([order, slots.used]).toEqual([['a', 'b'], 0])
  })

  it('are waited for no longer than asked', async () => {
    const slots = new Slots(1)
    await slots.take(60_000)
    expect(await slots.take(1)).toBe(false)
    slots.release(false)
    expect(slots.used).toBe(0)
  })

  it('are half for the background, without a wait', async () => {
    const slots = new Slots(3)
    expect([1, 2, 3].map(() => slots.takeInBackground())).toEqual([true, true, false])
    await slots.take(60_000)
    slots.release(true)
    await slots.take(60_000)
    expect([slots.used, slots.takeInBackground()]).toEqual([3, false])
  })

  it('are given no more once they are closed', async () => {
    const slots = new Slots(1)
    await slots.take(60_000)
    const waits = slots.take(60_000)
    slots.close()
    expect([await waits, await slots.take(60_000)]).toEqual([false, false])
  })
})

it('a back-off doubles up to 30 s, and a success ends it', () => {
  const backOffs = new BackOffs()
  expect(backOffs.rests('a')).toBe(false)
  for (const most of [1, 2, 4, 8, 16, 30, 30].map((seconds) => seconds * 1_000)) {
    const ms = backOffs.failed('a')
    expect(ms).toBeLessThanOrEqual(most)
    expect(ms).toBeGreaterThanOrEqual(0.8 * most - 1)
  }
  expect([backOffs.rests('a'), backOffs.rests('b')]).toEqual([true, false])
  backOffs.succeeded('a')
  expect(backOffs.rests('a')).toBe(false)
  expect(backOffs.failed('a')).toBeLessThanOrEqual(1_000)
})

describe('how long an answer lives', () => {
  const lifeOf = (headers: Record<string, string>, ttlFrom: 'space' | 'response', status = 200) => {
    const policy = toPolicy({
      ttlMs: 60_000,
      staleMs: 30_000,
      errorMs: 90_000,
      negativeTtlMs: 10_000,
      origin: toOriginPolicy({ url: 'http://a/{key}', ttlFrom }),
    })
    const answer = { kind: 'answered', status, headers, body: Buffer.alloc(0) } as const
    const key = { namespace: 'default', space: 'users', key: '7', policy }
    const { write, isStorable } = toLoadedValue(answer, key, 1_000)
    return [write.ttlMs, write.staleMs, write.errorMs, isStorable]
  }

  it.each<[string, number[]]>([
    ['', [60_000, 30_000, 90_000]],
    ['max-age=5', [4_000, 30_000, 90_000]],
    ['max-age=5000', [60_000, 30_000, 90_000]],
    ['max-age=5, s-maxage=7', [6_000, 30_000, 90_000]],
    ['max-age=5, stale-while-revalidate=3, stale-if-error=4', [4_000, 3_000, 4_000]],
    ['stale-while-revalidate=3000', [60_000, 30_000, 90_000]],
    ['max-age=nonsense', [0, 30_000, 90_000]],
    ['max-age=0', [0, 30_000, 90_000]],
    ['no-cache, max-age=5', [0, 30_000, 90_000]],
    ['max-age=5, must-revalidate', [4_000, 0, 0]],
    ['proxy-revalidate', [60_000, 0, 0]],
  ])('%s', (header, life) => {
    expect(lifeOf({ 'cache-control': header }, 'response')).toEqual([...life, true])
  })

  it('less its age, which may take a part of its windows', () => {
    const headers = { 'cache-control': 'max-age=50, stale-while-revalidate=20' }
    expect(lifeOf({ ...headers, age: '10' }, 'response')).toEqual([39_000, 20_000, 90_000, true])
    expect(lifeOf({ ...headers, age: '54' }, 'response')).toEqual([0, 15_000, 85_000, true])
    expect(lifeOf({ ...headers, age: 'old' }, 'response')).toEqual([49_000, 20_000, 90_000, true])
  })

  it('is that of the space by default, but for what must be asked for again', () => {
    const of = (header: string) => lifeOf({ 'cache-control': header }, 'space')
    expect(of('max-age=5, stale-while-revalidate=3')).toEqual([60_000, 30_000, 90_000, true])
    expect(of('max-age=0')).toEqual([0, 30_000, 90_000, true])
    expect(of('must-revalidate')).toEqual([60_000, 0, 0, true])
    expect(of('max-age=0, must-revalidate')).toEqual([0, 0, 0, false])
  })

  it('of an absence has no windows', () => {
    expect(lifeOf({ 'cache-control': 'max-age=5' }, 'response', 404)).toEqual([4_000, 0, 0, true])
    expect(lifeOf({}, 'space', 410)).toEqual([10_000, 0, 0, true])
    expect(lifeOf({ 'cache-control': 'no-store' }, 'space', 404)).toEqual([10_000, 0, 0, false])
  })
})

it('leaves the dispatcher of fetch as Node made it', async () => {
  await import('../../../src/cache/origins/client.js')
  expect(Symbol.for('undici.globalDispatcher.2') in globalThis).toBe(false)
})
