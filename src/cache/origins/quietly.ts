import { StoreError } from '../../redis/errors.js'

/** Waits for a step that Redis need not take: what it would end ends by itself. */
export async function quietly(step: Promise<unknown>): Promise<void> {
  try {
    await step
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
}
