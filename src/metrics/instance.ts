import { X509Certificate } from 'node:crypto'
import { atScrape, type Metrics } from './registry.js'

/** The state of an instance, read at every scrape. */
export interface InstanceState {
  isReady(): boolean
  isDraining(): boolean
  /** The last read of the configuration, the start included. */
  lastRead(): { readonly isGood: boolean; readonly atMs: number }
  /** The current chain in PEM; undefined without TLS. */
  certificate(): string | undefined
  /** The next end of an API token, by name, in milliseconds since 1970. */
  tokenEnds(nowMs: number): ReadonlyMap<string, number>
}

export function createInstanceMetrics(metrics: Metrics, state: InstanceState): void {
  const show = (name: string, help: string, read: () => number) => {
    const gauge = metrics.gauge(name, help)
    atScrape(gauge, () => gauge.set(read()))
  }
  show('lockstep_ready', 'Whether /readyz is 200, 1 or 0', () => Number(state.isReady()))
  show('lockstep_draining', 'Whether the instance is shutting down, 1 or 0', () =>
    Number(state.isDraining()),
  )
  show(
    'lockstep_config_last_reload_successful',
    'Whether the last read of the configuration succeeded, 1 or 0',
    () => Number(state.lastRead().isGood),
  )
  show(
    'lockstep_config_last_reload_timestamp_seconds',
    'Time of the last read of the configuration, successful or not',
    () => state.lastRead().atMs / 1_000,
  )
  const end = metrics.gauge(
    'lockstep_tls_certificate_end_timestamp_seconds',
    'When the current certificate expires; absent without TLS',
  )
  atScrape(end, () => {
    const chain = state.certificate()
    if (chain === undefined) end.remove()
    else end.set(Date.parse(new X509Certificate(chain).validTo) / 1_000)
  })

  const tokens = metrics.gauge(
    'lockstep_token_expiry_seconds',
    'Seconds until the next API token of this name ends, 0 if all have ended; absent for tokens without an end',
    ['token'],
  )
  atScrape(tokens, () => {
    tokens.reset()
    const nowMs = Date.now()
    for (const [token, endsAtMs] of state.tokenEnds(nowMs)) {
      tokens.set({ token }, Math.max(0, endsAtMs - nowMs) / 1_000)
    }
  })
}
