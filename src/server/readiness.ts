import type { Phase } from '../http/draining.js'
import type { NotReady } from '../http/health.js'
import type { Connections } from '../redis/connections.js'

/** Why an instance should get no traffic; undefined if it should. */
export function notReady(connections: Connections, phase: () => Phase): NotReady | undefined {
  if (phase() !== 'serving') return { code: 'draining' }
  const { probe, commands } = connections
  if (probe.isUp() && commands.isReady()) return undefined
  const reason = probe.reason() ?? commands.state.reason ?? 'timeout'
  return { code: 'store-unavailable', reason }
}
