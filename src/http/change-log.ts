import type { FastifyRequest } from 'fastify'
import './auth.js'

/**
 * One line for a change that somebody may have to account for: who made it, from where, in which
 * namespace, and what it was. Called once it is done, and not where nothing changed.
 * @param change noun and verb: `policy.put`
 * @param details what was changed, and its versions before and after where it has any
 */
export function logChange(
  { log, caller, namespace, ip }: FastifyRequest,
  change: string,
  details: Readonly<Record<string, unknown>>,
): void {
  const who = { caller: caller || undefined, namespace, address: ip || undefined }
  log.info({ change, ...who, ...details }, 'changed')
}
