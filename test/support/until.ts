import { setTimeout as sleep } from 'node:timers/promises'
import { CONDITION_MS } from './bounds.js'

/**
 * Repeats the probe until its answer is truthy, also after it throws, and resolves with the answer.
 * @throws after `ms`, naming the condition
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  ms = CONDITION_MS,
): Promise<Exclude<T, false | undefined | null | '' | 0>> {
  const begun = performance.now()
  let last: unknown
  for (let waited = 0; waited < ms; waited = performance.now() - begun) {
    try {
      const answer = await probe()
      if (answer) return answer as Exclude<T, false | undefined | null | '' | 0>
    } catch (error) {
      last = error
    }
    // Probes become rarer, because they take CPU from the code under test.
    await sleep(Math.min(Math.max(5, waited / 10), 100))
  }
  throw new Error(`waited ${ms} ms in vain: ${what}`, { cause: last })
}
