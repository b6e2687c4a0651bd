import { StoreError } from '../../redis/errors.js'

/**
 * One board that cannot be used, by a fault of its configuration or of ours, is named and does not
 * keep the others from being walked. What Redis refuses or loses fails the call.
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
