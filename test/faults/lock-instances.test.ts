import { beforeAll, expect, it, onTestFinished } from 'vitest'
import type { ManagedRedis } from '../../src/redis/managed.js'
import { type Instance, startInstance } from '../safety/fleet.js'
import { SILENCE_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { connect, start } from '../support/managed.js'
import { until } from '../support/until.js'

let built = ''
beforeAll(async () => {
  built = await ensureBuilt()
})

/** Starts two instances over one Redis of their own. */
async function startTwo(): Promise<{ redis: ManagedRedis; a: Instance; b: Instance }> {
  const redis = await start()
  const [a, b] = await Promise.all([
    startInstance(built, redis.url),
    startInstance(built, redis.url),
  ])
  onTestFinished(async () => {
    await Promise.all([a.stop(), b.stop()])
  })
  await Promise.all([a, b].map(ready))
  return { redis, a, b }
}

interface Answer {
  readonly status: number
  readonly body: { readonly token: string; readonly fence: number; readonly queueLength?: number }
}

async function ask({ url }: Instance, verb: string, body: object): Promise<Answer> {
  const response = await fetch(`${url}/v1/locks/x/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

/** Queues a request; resolves when the queue has this length. */
async function stand(at: Instance, length: number): Promise<{ answer: Promise<Answer> }> {
  const answer = ask(at, 'acquire', { waitMs: 240_000, ttlMs: 600_000 })
  // A killed instance never answers.
  answer.catch(() => undefined)
  await until(`${length} wait`, async () => {
    const response = await fetch(`${at.url}/v1/locks/x`)
    return ((await response.json()) as Answer['body']).queueLength === length
  })
  return { answer }
}

/** Waits until the command connection works; each connection reconnects by itself. */
const ready = ({ url }: Instance) =>
  until('an instance that serves', async () => (await fetch(`${url}/v1/locks/x`)).ok)

async function metric({ url }: Instance, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1])
}

it('a hundred waiters at two processes get the lock in their order', async () => {
  const { a, b } = await startTwo()
  const { body: held } = await ask(b, 'acquire', { ttlMs: 600_000 })
  const order: number[] = []
  const done: Promise<void>[] = []
  for (let i = 0; i < 100; i++) {
    const at = i % 2 === 0 ? a : b
    const { answer } = await stand(at, i + 1)
    done.push(
      answer.then(async ({ status, body }) => {
        expect(status).toBe(200)
        order.push(i)
        await ask(i % 3 === 0 ? a : b, 'release', { token: body.token })
      }),
    )
  }

  await ask(a, 'release', { token: held.token })
  await Promise.all(done)

  expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i))
})

it('a killed instance costs those behind its waiters one claim timeout, however many they were', async () => {
  const { a, b } = await startTwo()
  const { body: held } = await ask(b, 'acquire', { ttlMs: 600_000 })
  for (let i = 1; i <= 10; i++) await stand(a, i)
  const { answer } = await stand(b, 11)
  a.kill('SIGKILL')

  await ask(b, 'release', { token: held.token })

  const { status, body } = await answer
  expect(status).toBe(200)
  expect(body.fence).toBeGreaterThan(held.fence)
  expect(await metric(b, 'lockstep_locks_claim_timeouts_total')).toBe(1)
})

it('an instance that was stopped restores its waiters when it resumes', async () => {
  const { a, b } = await startTwo()
  const { body: held } = await ask(b, 'acquire', { ttlMs: 600_000 })
  const first = await stand(a, 1)
  const second = await stand(a, 2)
  const behind = await stand(b, 3)
  a.kill('SIGSTOP')
  await ask(b, 'release', { token: held.token })
  const { body: passed } = await behind.answer

  a.kill('SIGCONT')
  await until('both back in line', async () => {
    const response = await fetch(`${b.url}/v1/locks/x`)
    return ((await response.json()) as Answer['body']).queueLength === 2
  })
  await ask(b, 'release', { token: passed.token })

  const { status, body } = await first.answer
  expect(status).toBe(200)
  await ask(b, 'release', { token: body.token })
  expect((await second.answer).status).toBe(200)
})

it('a Redis that is silent for 4 s, with a release under way, loses no waiter', async () => {
  const { redis, a, b } = await startTwo()
  const { body: held } = await ask(b, 'acquire', { ttlMs: 600_000 })
  const first = await stand(a, 1)
  const second = await stand(b, 2)

  process.kill(redis.pid(), 'SIGSTOP')
  const release = await ask(b, 'release', { token: held.token })
  await new Promise((resolve) => setTimeout(resolve, 2 * SILENCE_MS))
  process.kill(redis.pid(), 'SIGCONT')

  expect(release.status).toBe(503)
  // The outcome may be unknown, so the release is retried until it is known.
  await until('a release that is known', async () => {
    const { status } = await ask(b, 'release', { token: held.token })
    return status === 200
  })
  const { status, body } = await first.answer
  expect(status).toBe(200)
  await ready(a)
  await ask(a, 'release', { token: body.token })
  expect((await second.answer).status).toBe(200)
})

it('a Redis that comes back empty grants the lock to every waiter in turn', async () => {
  const { redis, a, b } = await startTwo()
  const { body: held } = await ask(b, 'acquire', { ttlMs: 600_000 })
  const waiting = [await stand(a, 1), await stand(b, 2), await stand(a, 3)]
  const before = redis.pid()

  process.kill(before, 'SIGKILL')
  await until('another Redis', async () => redis.pid() !== before && (await connect(redis)).ping())

  const fences = [held.fence]
  await Promise.all(
    waiting.map(async ({ answer }) => {
      const { status, body } = await answer
      expect(status).toBe(200)
      fences.push(body.fence)
      await ready(b)
      expect((await ask(b, 'release', { token: body.token })).status).toBe(200)
    }),
  )
  expect(fences).toEqual(fences.toSorted((x, y) => x - y))
  expect(new Set(fences).size).toBe(4)
})
