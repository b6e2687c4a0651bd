import type { FastifyRequest } from 'fastify'
import './auth.js'

/**
 * Audit line of a change: caller, address, namespace and what changed. Called after the change, and
 * only if something changed.
 * @param change noun and verb: `policy.put`
 * @param details what changed, with its versions before and after
 */
export function logChange(
  { log, caller, namespace, ip }: FastifyRequest,
  change: string,
  details: Readonly<Record<string, unknown>>,
): void {
  const who = { caller: caller || undefined, namespace, address: ip || undefined }
  log.info({ change, ...who, ...details }, 'changed')
}
