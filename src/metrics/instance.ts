import { X509Certificate } from 'node:crypto'
import { atScrape, type Metrics } from './registry.js'

/** What an instance says of itself at a scrape. */
export interface InstanceState {
  isReady(): boolean
  isDraining(): boolean
  /** How and when the configuration was read last; the start counts as well. */
  lastRead(): { readonly isGood: boolean; readonly atMs: number }
  /** The chain it shows now, in PEM; undefined without TLS. */
  certificate(): string | undefined
}

/** What the alerts of an operator rest on besides requests and Redis. */
export function createInstanceMetrics(metrics: Metrics, state: InstanceState): void {
  const show = (name: string, help: string, read: () => number) => {
    const gauge = metrics.gauge(name, help)
    atScrape(gauge, () => gauge.set(read()))
  }
  show('lockstep_ready', 'Whether /readyz says that the instance wants traffic, 1 or 0', () =>
    Number(state.isReady()),
  )
  show('lockstep_draining', 'Whether the instance is on its way out, 1 or 0', () =>
    Number(state.isDraining()),
  )
  show(
    'lockstep_config_last_reload_successful',
    'Whether the configuration was good when it was read last, 1 or 0',
    () => Number(state.lastRead().isGood),
  )
  show(
    'lockstep_config_last_reload_timestamp_seconds',
    'When the configuration was read last, good or not',
    () => state.lastRead().atMs / 1_000,
  )
  const end = metrics.gauge(
    'lockstep_tls_certificate_end_timestamp_seconds',
    'When the certificate ends that the instance shows; absent without TLS',
  )
  atScrape(end, () => {
    const chain = state.certificate()
    if (chain === undefined) end.remove()
    else end.set(Date.parse(new X509Certificate(chain).validTo) / 1_000)
  })
}
