import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

let harness: Harness
let other: Harness

beforeAll(async () => {
  harness = await startHarness()
  other = await startHarness()
})
afterAll(async () => {
  await other.close()
  await harness.close()
})

const post = (name: string, verb: string, body: object = {}, at = harness) =>
  at
    .request('post', `/v1/locks/${name}/${verb}`)
    .set('lockstep-namespace', harness.namespace)
    .send(body)
const held = async (name: string) =>
  (await post(name, 'acquire').expect(200)).body as { token: string }
const waits = (name: string, body: object, at = harness) =>
  post(name, 'acquire', { waitMs: 60_000, ...body }, at).then((response) => response)
const get = async (name: string) =>
  (await harness.request('get', `/v1/locks/${name}`).expect(200)).body
const queued = (name: string, length: number) =>
  until(`${length} wait`, async () => (await get(name)).queueLength === length)

/** Every fifth one writes. */
const modeOf = (i: number) => (i % 5 === 4 ? 'exclusive' : 'shared')

describe('readers and writers of a mixed load', () => {
  it('are served in the order they came: no reader passes a waiting writer', async () => {
    const { token } = await held('mixed')
    const order: string[] = []
    const answers: Promise<void>[] = []
    for (let i = 0; i < 50; i++) {
      const mode = modeOf(i)
      answers.push(
        waits('mixed', { mode }).then(async ({ status, body }) => {
          expect(status).toBe(200)
          order.push(`${mode} ${Math.floor(i / 5)}`)
          await post('mixed', 'release', { token: body.token }).expect(200)
        }),
      )
      await queued('mixed', i + 1)
    }

    await post('mixed', 'release', { token }).expect(200)
    await Promise.all(answers)

    const rounds = Array.from({ length: 10 }, (_, i) => [
      ...Array.from({ length: 4 }, () => `shared ${i}`),
      `exclusive ${i}`,
    ])
    expect(order).toEqual(rounds.flat())
  })

  it('of fifty clients at two instances are granted in the order of the queue', async () => {
    const CLIENTS = 50
    const ROUNDS = 4
    const fences = new Map<string, number>()
    /** The queue at one moment after another. */
    const seen: string[][] = []
    let writing = 0
    let reading = 0
    let working = CLIENTS

    async function client(i: number): Promise<void> {
      const at = i % 2 === 0 ? harness : other
      for (let round = 0; round < ROUNDS; round++) {
        const mode = modeOf(i + round)
        const owner = `${mode} ${i}.${round}`
        const { status, body } = await waits('load', { mode, owner }, at)
        expect(status, body.detail).toBe(200)
        fences.set(owner, body.fence)
        if (mode === 'exclusive') {
          writing++
          expect([writing, reading]).toEqual([1, 0])
        } else {
          reading++
          expect(writing).toBe(0)
        }
        // Others may try while it works.
        await get('load')
        if (mode === 'exclusive') writing--
        else reading--
        await post('load', 'release', { token: body.token }, at).expect(200)
      }
      working--
    }
    async function watch(): Promise<void> {
      while (working > 0) {
        const { waiters } = await get('load')
        seen.push(waiters.map(({ owner }: { owner: string }) => owner))
      }
    }

    await Promise.all([watch(), ...Array.from({ length: CLIENTS }, (_, i) => client(i))])

    expect(fences.size).toBe(CLIENTS * ROUNDS)
    // Not blind: there were moments in which a writer had readers before it, and behind it.
    const crowded = seen.filter((line) =>
      line.slice(1, -1).some((owner) => owner.startsWith('exclusive')),
    )
    expect(crowded.length).toBeGreaterThan(5)
    for (const line of seen) {
      const granted = line.map((owner) => fences.get(owner) as number)
      expect(granted, line.join(', ')).toEqual(granted.toSorted((a, b) => a - b))
    }
  })
})
