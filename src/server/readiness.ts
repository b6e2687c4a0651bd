import type { Phase } from '../http/draining.js'
import type { NotReady } from '../http/health.js'
import type { Links } from '../redis/links.js'

/** Why an instance should get no traffic, or undefined when it should. */
export function notReady(links: Links, phase: () => Phase): NotReady | undefined {
  if (phase() !== 'serving') return { code: 'draining' }
  const { probe, commands } = links
  if (probe.isUp() && commands.isReady()) return undefined
  const reason = probe.reason() ?? commands.contact.reason ?? 'timeout'
  return { code: 'store-unavailable', reason }
}
