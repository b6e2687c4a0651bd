import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect } from 'vitest'
import { until } from '../support/until.js'
import { useExamples } from './programs.js'

const { get, harness, inEachLanguage, post } = useExamples()

/** The queue of a test, in the default namespace. */
function workerQueue(name: string) {
  const at = `/v1/queues/${name}`
  return {
    put: (settings: object) =>
      harness.request('put', at).set('lockstep-namespace', 'default').send(settings).expect(201),
    send: (...bodies: readonly object[]) =>
      post(`${at}/messages`, { messages: bodies.map((body) => ({ body })) }).expect(201),
    get: () => get(at),
    look: async (state: string) => (await get(`${at}/messages?state=${state}`)).items,
  }
}

describe('a worker of a queue', () => {
  describe('does each message once, and reports what failed', () => {
    inEachLanguage('worker/worker', async ({ start, out }) => {
      const queue = workerQueue(path.basename(out))
      await queue.put({ maxFailures: 1 })
      await queue.send({ text: 'one', seconds: 0 }, { seconds: 0 }, { text: 'two', seconds: 0 })
      const { child, exit, stderr } = start([path.basename(out), out])
      await until('all are settled', async () => {
        const { totals } = await queue.get()
        return totals.acked === 2 && totals.dead === 1
      })
      child.kill('SIGTERM')
      expect(await exit, stderr()).toBe(0)

      const texts = readdirSync(out).map((id) => readFileSync(path.join(out, id), 'utf8'))
      expect(texts.sort()).toEqual(['one', 'two'])
      const [dead] = await queue.look('dead')
      expect(dead).toMatchObject({
        body: { seconds: 0 },
        failures: 1,
        error: expect.stringMatching('text'),
      })
      expect((await queue.get()).counts).toMatchObject({ ready: 0, leased: 0, dead: 1 })
    })
  })

  describe('extends its leases while it works', () => {
    inEachLanguage('worker/worker', async ({ start, out }) => {
      const queue = workerQueue(path.basename(out))
      await queue.put({ visibilityMs: 4_000 })
      await queue.send({ text: 'long', seconds: 600 })
      start([path.basename(out), out])
      let before: { deliveries: number; readyInMs: number } | undefined
      await until('a lease of one delivery gets longer', async () => {
        const [now] = await queue.look('leased')
        const isLonger =
          now?.deliveries === before?.deliveries && now?.readyInMs > (before?.readyInMs ?? Infinity)
        before = now
        return isLonger
      })
    })
  })

  describe('finishes what it has begun and gives back the rest when it has to stop', () => {
    inEachLanguage('worker/worker', async ({ start, out }) => {
      const queue = workerQueue(path.basename(out))
      const jobs = [2, 2, 2].map((seconds) => ({ text: 'x', seconds }))
      await queue.put({})
      await queue.send(...jobs)
      const { child, exit, stdout, stderr } = start([path.basename(out), out])
      await until('it works', () => stdout().startsWith('doing '))
      child.kill('SIGTERM')

      expect(await exit, stderr()).toBe(0)
      const { counts, totals } = await queue.get()
      expect(counts).toMatchObject({ leased: 0, ready: 3 - totals.acked })
      expect(totals).toMatchObject({ acked: readdirSync(out).length, retried: 0, timedOut: 0 })
      expect(totals.acked).toBeGreaterThan(0)
    })
  })
})
