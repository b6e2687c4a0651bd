import type { Phase } from '../http/draining.js'
import type { Connections } from '../redis/connections.js'

/** Why an instance should get no traffic; undefined if it should. */
export function notReady({ probe, commands }: Connections, phase: () => Phase) {
  if (phase() !== 'serving') return { code: 'draining' } as const
  if (probe.isUp() && commands.isReady()) return undefined
  const reason = probe.reason() ?? commands.state.reason ?? 'timeout'
  return { code: 'store-unavailable', reason } as const
}
