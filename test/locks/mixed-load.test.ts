import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const other = useHarness()
const { lock, held, waits, look, queued } = lockDriver(harness)

/** Every fifth client is a writer. */
const modeOf = (i: number) => (i % 5 === 4 ? 'exclusive' : 'shared')

describe('readers and writers of a mixed load', () => {
  it('are served in order: no reader passes a waiting writer', async () => {
    const { token } = await held('mixed')
    const order: string[] = []
    const answers: Promise<void>[] = []
    for (let i = 0; i < 50; i++) {
      const mode = modeOf(i)
      answers.push(
        waits('mixed', { mode }).then(async ({ status, body }) => {
          expect(status).toBe(200)
          order.push(`${mode} ${Math.floor(i / 5)}`)
          await lock('mixed', 'release', { token: body.token }).expect(200)
        }),
      )
      await queued('mixed', i + 1)
    }

    await lock('mixed', 'release', { token }).expect(200)
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
    /** The queue at successive moments. */
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
        // This call gives other clients time to try.
        await look('load')
        if (mode === 'exclusive') writing--
        else reading--
        await lock('load', 'release', { token: body.token }, at).expect(200)
      }
      working--
    }
    async function watch(): Promise<void> {
      while (working > 0) {
        const { waiters } = await look('load')
        seen.push(waiters.map(({ owner }: { owner: string }) => owner))
      }
    }

    await Promise.all([watch(), ...Array.from({ length: CLIENTS }, (_, i) => client(i))])

    expect(fences.size).toBe(CLIENTS * ROUNDS)
    // The load did mix: at times a writer had waiters before it and behind it.
    const mixed = seen.filter((line) =>
      line.slice(1, -1).some((owner) => owner.startsWith('exclusive')),
    )
    expect(mixed.length).toBeGreaterThan(5)
    for (const line of seen) {
      const granted = line.map((owner) => fences.get(owner) as number)
      expect(granted, line.join(', ')).toEqual(granted.toSorted((a, b) => a - b))
    }
  })
})
