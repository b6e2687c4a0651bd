import type { OutboxState } from './scripts.js'

const EMPTY: OutboxState = { pending: 0, failed: 0, bytes: 0, oldestMs: 0 }

/** Of several outboxes together. */
export const total = (states: readonly OutboxState[]): OutboxState =>
  states.reduce(
    (sum, { pending, failed, bytes, oldestMs }) => ({
      pending: sum.pending + pending,
      failed: sum.failed + failed,
      bytes: sum.bytes + bytes,
      oldestMs: Math.max(sum.oldestMs, oldestMs),
    }),
    EMPTY,
  )
