import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/redis/errors.js'
import type { Turn } from '../../src/redis/waiter.js'
import { type Wait, Wakes, type WakesOptions } from '../../src/redis/wakes.js'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'
import { until } from '../support/until.js'
import { Gates } from './gates.js'
import { newThings } from './things.js'

const harness = useHarness()
const NEVER_MS = 2 ** 30
const OPTIONS = { maxPerThing: 2_000, onServed: () => undefined }

describe('a script', () => {
  /** Instances that only listen, and a barrier: what was published before has arrived. */
  async function listen(count: number) {
    const things = newThings(harness.binder, harness.namespace)
    const heard: string[][] = []
    const mark = randomUUID()
    const instances = Array.from({ length: count }, (_, i) => `${mark}-${i}`)
    await Promise.all(
      instances.map((instance, i) => {
        heard[i] = []
        const hear = (message: string) => heard[i]?.push(message)
        return harness.connections.pubSub.subscribe(`ls:wakes:${instance}`, hear)
      }),
    )
    const wait = async (others = false) => {
      for (const instance of instances) await things.take(1, { instance, others })
    }
    /** What each instance heard since, as "ready next_ms". */
    const messages = async () => {
      for (const instance of instances) await things.publish(`ls:wakes:${instance}`, mark)
      await until('all messages', () => heard.every((messages) => messages.includes(mark)))
      const suffix = ` ${things.keys.waiting}`
      return heard.map((messages) =>
        messages
          .splice(0)
          .filter((message) => message !== mark)
          .map((message) => {
            expect(message.endsWith(suffix)).toBe(true)
            return message.slice(0, -suffix.length)
          }),
      )
    }
    const registered = () => harness.redis.zrange(things.keys.waiting, '0', '-1')
    return { things, instances, wait, messages, registered }
  }

  it('registers the instance of a waiting request that gets nothing', async () => {
    const { things, instances, wait, registered } = await listen(1)
    await things.take()
    expect(await registered()).toEqual([])
    await wait()
    expect(await registered()).toEqual(instances)
    const ttlMs = await harness.redis.pttl(things.keys.waiting)
    expect(ttlMs).toBeGreaterThan(0)
    expect(ttlMs).toBeLessThanOrEqual(3_000)
  })

  it('registers it for others that wait there when it leaves nothing', async () => {
    const { things, instances, registered } = await listen(1)
    const instance = instances[0] as string
    await things.put('one')
    await things.take(1, { instance, others: false })
    expect(await registered()).toEqual([])
    await things.put('two')
    await things.take(1, { instance, others: true })
    expect(await registered()).toEqual(instances)
  })

  it('shares out what it made ready, and wakes each instance once', async () => {
    const { things, wait, messages, registered } = await listen(3)
    await wait()
    await things.put('a', 'b', 'c', 'd', 'e')
    expect(await messages()).toEqual([['2 0'], ['2 0'], ['1 0']])
    expect(await registered()).toEqual([])
    await things.put('f')
    expect(await messages()).toEqual([[], [], []])
  })

  it('wakes no more instances than it made things ready: those that wait longest', async () => {
    const { things, wait, messages } = await listen(3)
    await wait()
    await things.put('a', 'b')
    expect(await messages()).toEqual([['1 0'], ['1 0'], []])
  })

  it('wakes at most eight instances; one that leaves something wakes one more', async () => {
    const { things, wait, messages } = await listen(10)
    await wait()
    await things.put(...Array.from({ length: 16 }, (_, i) => `t${i}`))
    const first = await messages()
    expect(first.map((heard) => heard.length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0])
    await things.take()
    expect((await messages()).slice(8)).toEqual([['1 0'], []])
  })

  it('passes nothing on when it gets nothing, or leaves nothing', async () => {
    const { things, wait, messages } = await listen(1)
    await things.put('a')
    await things.take()
    await wait()
    await things.take()
    expect(await messages()).toEqual([[]])
  })

  it('wakes no instance that was not seen for three seconds, and forgets it', async () => {
    const { things, instances, wait, messages, registered } = await listen(1)
    await wait()
    harness.advance(3_000)
    await things.put('a')
    expect(await messages()).toEqual([[]])
    await things.take()
    await things.take(1, { instance: 'another', others: false })
    expect(await registered()).toEqual(['another'])
    expect(instances).not.toContain('another')
  })

  it('announces to one instance when something will be ready, and leaves it registered', async () => {
    const { things, instances, wait, messages, registered } = await listen(2)
    await wait()
    await things.putLater(5_000, 'later')
    expect(await messages()).toEqual([['0 5000'], []])
    expect(await registered()).toEqual(instances)
  })
})

describe('a full Redis', () => {
  const redis = useRedis()
  const full = useHarness(() => ({ redisUrl: redis.url }))

  it('still lets requests wait', async () => {
    const things = newThings(full.binder, full.namespace)
    await full.redis.config('SET', 'maxmemory', '1')
    const { got } = await things.take(1, { instance: 'here', others: false })
    await full.redis.config('SET', 'maxmemory', '0')
    expect(got).toBeUndefined()
    expect(await full.redis.zrange(things.keys.waiting, '0', '-1')).toEqual(['here'])
  })
})

describe('an instance', () => {
  /** An instance whose attempts the test answers itself. */
  async function open(options: Partial<WakesOptions> = {}) {
    const gates = new Gates(harness.binder, harness.connections.pubSub)
    const wakes = new Wakes({ ...OPTIONS, pollMs: NEVER_MS, ...options, ...gates })
    await gates.subscribed
    const attempts: { name: string; answer(turn: Partial<Turn<string>> | Error): Promise<void> }[] =
      []
    const others: boolean[] = []
    const wait = (name: string, thing = 'thing', waitMs = NEVER_MS): Wait<string> =>
      wakes.wait<string>(thing, waitMs, (registration) => {
        others.push(registration.others)
        return new Promise((resolve, reject) => {
          const answer = async (reply: Partial<Turn<string>> | Error) => {
            attempts.splice(attempts.indexOf(attempt), 1)
            if (reply instanceof Error) reject(reply)
            else resolve({ got: undefined, left: false, nextMs: undefined, ...reply })
            await turn()
          }
          const attempt = { name, answer }
          attempts.push(attempt)
        })
      })
    /** Waiters whose first attempts got nothing. */
    const park = async (...names: string[]) => {
      const waits = names.map((name) => wait(name))
      await turn()
      for (const { answer } of [...attempts]) await answer({})
      return waits
    }
    const wake = async (ready: number, nextMs = 0) => {
      gates.hear(`${ready} ${nextMs} thing`)
      await turn()
    }
    const asking = () => attempts.map(({ name }) => name)
    const answerAll = async (reply: Partial<Turn<string>>) => {
      for (const { answer } of [...attempts]) await answer(reply)
    }
    return { gates, wakes, wait, park, wake, asking, attempts, answerAll, others }
  }

  it('lets the first waiters ask, as many as it was woken for', async () => {
    const { park, wake, asking, answerAll } = await open()
    await park('a', 'b', 'c')
    expect(asking()).toEqual([])
    await wake(2)
    expect(asking()).toEqual(['a', 'b'])
    await answerAll({ got: 'x' })
    await wake(1)
    expect(asking()).toEqual(['c'])
  })

  it('lets twice as many ask while all are served and something is left', async () => {
    const { park, wake, asking, answerAll } = await open()
    await park(...'abcdefghij')
    await wake(1)
    expect(asking()).toEqual(['a'])
    await answerAll({ got: 'x', left: true })
    expect(asking()).toEqual(['b', 'c'])
    await answerAll({ got: 'x', left: true })
    expect(asking()).toEqual(['d', 'e', 'f', 'g'])
    await answerAll({ got: 'x' })
    expect(asking()).toEqual([])
  })

  it('asks no further when one that asked got nothing', async () => {
    const { park, wake, asking, attempts } = await open()
    await park('a', 'b', 'c', 'd')
    await wake(2)
    const [first, second] = [...attempts]
    await first?.answer({})
    await second?.answer({ got: 'x', left: true })
    expect(asking()).toEqual([])
  })

  it('asks again after attempts during which it was woken', async () => {
    const { park, wake, asking, answerAll } = await open()
    await park('a', 'b')
    await wake(1)
    await wake(1)
    expect(asking()).toEqual(['a'])
    await answerAll({})
    expect(asking()).toEqual(['a'])
    await answerAll({ got: 'x' })
    expect(asking()).toEqual([])
  })

  it('lets a waiter make one attempt at a time', async () => {
    const { wait, wake, asking, answerAll } = await open()
    wait('a')
    await turn()
    await wake(1)
    expect(asking()).toEqual(['a'])
    await answerAll({})
    expect(asking()).toEqual(['a'])
  })

  it('lets the next waiter ask when the first one was served before it could', async () => {
    const { wait, wake, asking, attempts } = await open()
    wait('a')
    wait('b')
    await turn()
    const [first, second] = [...attempts]
    await second?.answer({})
    await wake(1)
    await first?.answer({ got: 'x', left: true })
    expect(asking()).toEqual(['b'])
  })

  it('tells Redis whether others wait here', async () => {
    const { wait, others } = await open()
    wait('a')
    await turn()
    wait('b')
    await turn()
    expect(others).toEqual([false, true])
  })

  it('passes a wake on where no request waits any more', async () => {
    const { gates, wake, park } = await open()
    await wake(3)
    expect(gates.calls).toHaveLength(1)
    gates.calls[0]?.fail()
    await turn()

    const [wait] = await park('a')
    await wake(1)
    await wake(1)
    wait?.leave()
    await turn()
    expect(gates.calls).toHaveLength(0)
  })

  it('passes on what arrived while its last waiter was served', async () => {
    const { gates, park, wake, answerAll } = await open()
    await park('a')
    await wake(1)
    await wake(2)
    await answerAll({ got: 'x' })
    expect(gates.calls).toHaveLength(1)
  })

  it('passes it on to an instance where one waits', async () => {
    const things = newThings(harness.binder, harness.namespace)
    const [here, there] = [await open(), await open()]
    await things.take(1, { instance: there.gates.channel.slice('ls:wakes:'.length), others: false })
    here.gates.hear(`2 0 ${things.keys.waiting}`)
    await here.gates.calls[0]?.run()
    here.gates.calls[0]?.answer()
    await until('the wake', () => there.gates.messages.length > 0)
    expect(there.gates.messages).toEqual([`2 0 ${things.keys.waiting}`])
  })

  it('measures the time from a wake to what a waiter gets', async () => {
    const seconds: number[] = []
    const { park, wake, answerAll } = await open({ onServed: (one) => seconds.push(one) })
    await park('a', 'b')
    await wake(1)
    await answerAll({})
    expect(seconds).toEqual([])
    await wake(2)
    await answerAll({ got: 'x' })
    expect(seconds).toHaveLength(2)
    for (const one of seconds) expect(one).toBeGreaterThan(0)
  })

  it('asks when something is ready by time: after an attempt that says so', async () => {
    const { wait, asking, answerAll } = await open()
    wait('a')
    await turn()
    await answerAll({ nextMs: 20 })
    await until('another attempt', () => asking().length === 1)
  })

  it('asks when something is ready by time: after a message that says so', async () => {
    const { park, wake, asking } = await open()
    await park('a')
    await wake(0, 1_000_000)
    await wake(0, 20)
    await wake(0, 1_000_000)
    await until('another attempt', () => asking().length === 1)
  })

  it('asks from time to time, in case a message was lost', async () => {
    const { wait, asking, answerAll } = await open({ pollMs: 10 })
    wait('a')
    await turn()
    for (let i = 0; i < 3; i++) {
      await until('another attempt', () => asking().length === 1)
      await answerAll({ nextMs: 1_000_000 })
    }
  })

  it('ends a wait with its time, and no sooner than the attempt under way', async () => {
    const { wait, attempts, asking } = await open()
    const late = wait('a', 'thing', 10)
    await until('the attempt', () => asking().length === 1)
    const { result, leave } = wait('b')
    await turn()
    leave()
    await attempts[1]?.answer({ got: 'x' })
    expect(await result).toBe('x')
    await attempts[0]?.answer({})
    expect(await late.result).toBeUndefined()
  })

  it('lets waiters wait on while Redis is away; one whose time runs out gets the error', async () => {
    const { wait, asking, answerAll, attempts } = await open({ pollMs: 10 })
    const away = new StoreError('store-unavailable', 'away')
    const served = wait('a')
    await turn()
    await attempts[0]?.answer(away)
    await until('another attempt', () => asking().length === 1)
    await answerAll({ got: 'x' })
    expect(await served.result).toBe('x')

    const failed = wait('b')
    await turn()
    await attempts[0]?.answer(away)
    const ended = expect(failed.result).rejects.toBe(away)
    failed.leave()
    await ended
  })

  it('ends a wait with an attempt whose answer was lost', async () => {
    const { wait, attempts, wakes } = await open()
    const { result } = wait('a')
    const lost = new StoreError('outcome-unknown', 'lost')
    await turn()
    const failed = expect(result).rejects.toBe(lost)
    await attempts[0]?.answer(lost)
    await failed
    expect(wakes.count).toBe(0)
  })

  it('ends all waits when it drains, and those that begin later', async () => {
    const { park, wait, wakes, asking } = await open()
    const waits = await park('a', 'b')
    wakes.drain()
    waits.push(wait('c'))
    expect(await Promise.all(waits.map(({ result }) => result))).toEqual(Array(3).fill(undefined))
    expect(asking()).toEqual([])
    expect(wakes.count).toBe(0)
  })

  it('has room for so many waiters of one thing', async () => {
    const { wakes, wait } = await open({ maxPerThing: 2 })
    const first = wait('a', 'thing')
    wait('b', 'thing')
    expect(wakes.hasRoom('thing')).toBe(false)
    expect(wakes.hasRoom('other')).toBe(true)
    first.leave()
    wakes.drain()
    await turn()
  })
})

describe('two instances', () => {
  const redis = useRedis()
  const apart = useHarness(() => ({ redisUrl: redis.url }))

  it('serve 2,000 waiters without a connection more', async () => {
    const { binder, connections, redis } = apart
    const things = newThings(binder, apart.namespace)
    const both = [0, 1].map(() => new Wakes({ ...OPTIONS, binder, pubSub: connections.pubSub }))
    const { all } = connections.states
    await until('every connection', () => all.every(({ isConnected }) => isConnected))
    const clients = async () => String(await redis.client('LIST')).split('\n').length
    const before = await clients()
    const parked = new Set<number>()
    const waits = Array.from({ length: 2_000 }, async (_, i) => {
      const wakes = both[i % 2] as Wakes
      const { result } = wakes.wait(things.keys.waiting, NEVER_MS, async (registration) => {
        const reply = await things.take(1, registration)
        parked.add(i)
        return reply
      })
      return (await result)?.[0]
    })
    await until('all wait', () => parked.size === 2_000)
    expect(await clients()).toBe(before)

    for (let i = 0; i < 2_000; i += 100) {
      await things.put(...Array.from({ length: 100 }, (_, k) => `t${i + k}`))
    }
    expect(new Set(await Promise.all(waits)).size).toBe(2_000)
  })
})
