import type { FastifyReply } from 'fastify'
import type { Settlement } from './settlement.js'

/**
 * Gives back what was delivered in an answer that the client did not wait for: nobody has the
 * receipts, and it would be leased in vain. If Redis does not answer then either, the visibility ends.
 */
export function releaseIfLost(
  { raw }: FastifyReply,
  settle: (settlements: readonly Settlement[]) => Promise<unknown>,
  deliveries: readonly { readonly receipt: string }[],
): void {
  if (deliveries.length === 0) return
  const release = () =>
    void settle(deliveries.map(({ receipt }) => ({ kind: 'release', receipt }))).catch(
      () => undefined,
    )
  if (raw.destroyed) release()
  else raw.once('close', () => raw.writableFinished || release())
}
