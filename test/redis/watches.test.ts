import { setImmediate as turn } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { type Reading, Watches } from '../../src/redis/watches.js'
import { useHarness } from '../support/harness.js'
import { Gates } from './gates.js'

interface Entry {
  readonly id: string
}

const harness = useHarness()

/** Watches whose readings the test answers itself: entries have the ids 1, 2 and so on. */
async function open() {
  const gates = new Gates(harness.binder, harness.connections.pubSub)
  const watches = new Watches<Entry, object>(gates.pubSub, harness.namespace)
  const unsubscribe = await gates.subscribed
  onTestFinished(() => unsubscribe())
  const readings: { readonly after: string; answer(last: number): void }[] = []
  const read = (after: string) =>
    new Promise<Reading<Entry, object>>((resolve) => {
      const answer = (last: number) => {
        const ids = Array.from({ length: last }, (_, at) => `${at + 1}`)
        const events = ids.slice(Number(after)).map((id) => ({ id }))
        resolve({ kind: 'news', last: `${last}`, more: false, events })
      }
      readings.push({ after, answer })
    })
  /** Answers the oldest reading: there are `last` entries. */
  const answer = (last: number): void => readings.shift()?.answer(last)
  const listener = () => {
    const seen: string[] = []
    const state = { isBehind: false }
    const opening = watches.watch('thing', '0', read, {
      onBegin: () => undefined,
      onEvent: ({ id }) => void seen.push(id),
      isBehind: () => state.isBehind,
    })
    return { seen, state, opening }
  }
  const announce = () => gates.hear('thing')
  return { readings, answer, listener, announce }
}

it('reads again after a message during the first reading', async () => {
  const { answer, listener, announce, readings } = await open()
  const { seen, opening } = listener()
  announce()
  // What the message announces came after this reading.
  answer(0)
  const subscription = await opening
  expect(readings).toHaveLength(1)
  answer(1)
  await turn()
  subscription.close()
  expect(seen).toEqual(['1'])
})

it('reads on alone when news for all arrives as its own reading ends', async () => {
  const { answer, listener, announce, readings } = await open()
  const { seen, state, opening } = listener()
  answer(0)
  const subscription = await opening
  state.isBehind = true
  announce()
  answer(1)
  await turn()
  state.isBehind = false
  subscription.resume()
  announce()
  expect(readings.map(({ after }) => after)).toEqual(['0', '1'])
  // Both answers arrive at once, that of its own reading first.
  answer(1)
  answer(2)
  await turn()
  answer(2)
  await turn()
  subscription.close()
  expect(seen).toEqual(['1', '2'])
})
