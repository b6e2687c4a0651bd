import { describe, expect, it, vi } from 'vitest'
import { Circuit, Circuits } from '../../src/ratelimits/outage/circuit.js'
import { LocalLimiter } from '../../src/ratelimits/outage/local-limiter.js'
import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { StoreError } from '../../src/redis/errors.js'

const never = () => new Promise<string>(() => undefined)
const given = (promise: Promise<unknown>) => promise.catch((error: StoreError) => error.code)

describe('a circuit', () => {
  const start = (ping: () => Promise<unknown>) => {
    const changes: boolean[] = []
    vi.useFakeTimers({ now: 0 })
    return { changes, circuit: new Circuit(100, ping, (isOpen) => void changes.push(isOpen)) }
  }

  it('opens when an answer is late, and closes when the server answers a ping', async () => {
    let up = false
    const ping = vi.fn(() => (up ? Promise.resolve('PONG') : Promise.reject(new Error('down'))))
    const { circuit, changes } = start(ping)
    const lost = given(circuit.run(never))
    await vi.advanceTimersByTimeAsync(130)
    expect(await lost).toBe('outcome-unknown')
    expect(circuit.isOpen).toBe(true)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(ping.mock.calls.length).toBeLessThanOrEqual(5)
    up = true
    await vi.advanceTimersByTimeAsync(250)
    expect(circuit.isOpen).toBe(false)
    expect(changes).toEqual([true, false])
    vi.useRealTimers()
  })

  it('closes when the late answer comes', async () => {
    const { circuit } = start(never)
    const late = new Promise((resolve) => setTimeout(resolve, 200))
    const lost = given(circuit.run(() => late))
    await vi.advanceTimersByTimeAsync(150)
    expect([await lost, circuit.isOpen]).toEqual(['outcome-unknown', true])
    await vi.advanceTimersByTimeAsync(60)
    expect(circuit.isOpen).toBe(false)
    vi.useRealTimers()
  })

  it.each([
    ['store-unavailable', true],
    ['outcome-unknown', true],
    ['store-not-ready', false],
    ['store-full', false],
  ] as const)('after %s is open: %s', async (code, isOpen) => {
    const circuit = new Circuit(100, never, () => undefined)
    await given(circuit.run(() => Promise.reject(new StoreError(code, ''))))
    expect(circuit.isOpen).toBe(isOpen)
  })

  it('is one per server, so that other servers of a Cluster are still asked', async () => {
    const open: number[] = []
    const servers = { serverOf: (key: string) => key.slice(0, 1), ping: never }
    const circuits = new Circuits({ servers, timeoutMs: 100, onChange: (n) => void open.push(n) })
    const fail = () => Promise.reject(new StoreError('store-unavailable', ''))
    await given(circuits.of('a1').run(fail))
    await given(circuits.of('b1').run(fail))
    const states = ['a2', 'b2', 'c2'].map((key) => circuits.of(key).isOpen)
    expect(states).toEqual([true, true, false])
    expect(open).toEqual([1, 2])
  })
})

describe('the local limiter', () => {
  const policy: Policy = { algorithm: 'gcra', limit: 10, windowMs: 1_000 }
  let nowUs = 0
  const limiter = (instances: number) => new LocalLimiter(instances, () => nowUs)
  const take = (of: LocalLimiter, subject: string, cost = 1, with_ = policy) => {
    const account = of.account(subject, with_)
    const isLeft = account.left() >= cost
    if (isLeft) account.take(cost)
    return isLeft
  }

  it('grants a share, never less than 1, and refills it', () => {
    const shared = limiter(4)
    expect([1, 2, 3].map(() => take(shared, 'a'))).toEqual([true, true, false])
    const wait = shared.account('a', policy).retryUs(1)
    expect(wait).toBe(500_000)
    nowUs += wait - 1
    expect(take(shared, 'a')).toBe(false)
    nowUs += 1
    expect(take(shared, 'a')).toBe(true)
    expect([1, 2].map(() => take(limiter(100), 'a'))).toEqual([true, true])
    const tiny = limiter(100)
    expect([1, 2].map(() => take(tiny, 'a'))).toEqual([true, false])
  })

  it('keeps what was consumed when the limit changes', () => {
    const one = limiter(1)
    take(one, 'a', 6)
    expect(one.account('a', { ...policy, limit: 20 }).left()).toBe(14)
  })

  it('answers a cost above its share with a retry time, because Redis may allow it', () => {
    expect(limiter(4).account('a', policy).retryUs(3)).toBe(1_000_000)
  })

  it('forgets the least recently used subject', () => {
    const one = limiter(1)
    const year = { ...policy, limit: 2, windowMs: 31_536_000_000 }
    take(one, 'first', 2, year)
    for (let i = 0; i < 9_999; i++) take(one, `s${i}`, 1, year)
    expect(take(one, 'first', 1, year)).toBe(false)
    take(one, 'one more', 1, year)
    expect(take(one, 'first', 1, year)).toBe(true)
  })
})
