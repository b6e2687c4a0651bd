import { StoreError } from '../../redis/errors.js'

/**
 * Does the same on several boards. A board that fails is named, and the others are still done; an error
 * of Redis fails the call.
 */
export async function onEach<T>(boards: readonly string[], work: (board: string) => Promise<T>) {
  const settled = await Promise.allSettled(boards.map(work))
  const results: T[] = []
  const failed: string[] = []
  for (const [at, one] of settled.entries()) {
    if (one.status === 'fulfilled') results.push(one.value)
    else if (one.reason instanceof StoreError) throw one.reason
    else failed.push(boards[at] as string)
  }
  return { results, failed: failed.length > 0 && { failed } }
}
