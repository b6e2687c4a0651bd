import { atScrape, type Metrics } from '../../metrics/registry.js'
import type { Exchanged } from './client.js'
import { isAnswer } from './loading/loaded-value.js'
import type { OutboxState } from './outbox/scripts.js'
import type { Delivered } from './outbox/verdict.js'
import { verdictOf } from './writing/verdict.js'

/** What a request is for: a caller that waits, a value that is still served, a change, or the keys to warm. */
export type Operation = 'load' | 'refresh' | 'write' | 'delete' | 'list'

export type OriginMetrics = ReturnType<typeof createOriginMetrics>

const OF_ITS_PART = ', of the outboxes that this process delivers'
const SUM = `${OF_ITS_PART}: sum over all processes`

interface OriginState {
  readonly used: number
  readonly isOpen: boolean
  /** Undefined where no write goes behind. */
  readonly behind: OutboxState | undefined
}

/** In seconds, to the longest `timeoutMs`. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Of spaces of the configuration file only: no other has an origin. */
export function createOriginMetrics(metrics: Metrics) {
  const requests = metrics.counter(
    'lockstep_cache_origin_requests_total',
    'Requests to the origins of spaces, by operation (load: a caller waits; refresh: in the background; write, delete: passed on; list: the keys to warm) and outcome: of a load value, absent (404, 410) or not-modified (304), of a write taken or refused; status (any other), timeout, broken, too-large, unreachable (not sent)',
    ['space', 'operation', 'outcome'],
  )
  const seconds = metrics.histogram(
    'lockstep_cache_origin_request_duration_seconds',
    'Time of requests to the origins of spaces, to the last byte',
    ['space'],
    SECONDS,
  )
  const inFlight = metrics.gauge(
    'lockstep_cache_origin_in_flight',
    'Requests of this process to the origins of spaces that run now',
    ['space'],
  )
  const open = metrics.gauge(
    'lockstep_cache_origin_circuit_open',
    '1 while this process does not ask the origin of a space, because it failed often',
    ['space'],
  )
  const warmed = metrics.counter(
    'lockstep_cache_warmed_keys_total',
    'Keys of warmings, by outcome: loaded, skipped (there, or not to be loaded), failed',
    ['space', 'outcome'],
  )
  const warmings = metrics.gauge(
    'lockstep_cache_warmings_running',
    'Warmings of this process that run now',
    ['space'],
  )
  const left = metrics.gauge(
    'lockstep_cache_warming_keys_left',
    'Keys that the warmings of this process have yet to load or skip',
    ['space'],
  )
  const ofOutbox = (name: string, help: string) =>
    metrics.gauge(`lockstep_cache_outbox_${name}`, help, ['space'])
  const outbox = {
    pending: ofOutbox('pending', `Keys that origins have yet to get${SUM}`),
    failed: ofOutbox('failed', `Keys that origins refused, which wait for an operator${SUM}`),
    bytes: ofOutbox('bytes', `Bytes of the entries of both${SUM}`),
    oldest: ofOutbox(
      'oldest_age_seconds',
      `How long origins are behind${OF_ITS_PART}: the longest of all processes`,
    ),
  }
  const delivered = metrics.counter(
    'lockstep_cache_outbox_deliveries_total',
    'Writes that this process brought to the origins of spaces, by outcome: delivered; superseded (the origin has something newer); refused (it will not be tried again); failed (it will, unless it was too often); away (the origin did not answer, or is away); lost (another instance has it)',
    ['space', 'outcome'],
  )
  return {
    watchWarmings(running: () => Iterable<readonly [space: string, left: number]>): void {
      atScrape(warmings, () => {
        warmings.reset()
        left.reset()
        for (const [space, keys] of running()) {
          warmings.inc({ space })
          left.inc({ space }, keys)
        }
      })
    },
    delivered(space: string, outcome: Delivered['outcome'] | 'lost'): void {
      delivered.labels(space, outcome).inc()
    },
    warmed(space: string, outcome: 'loaded' | 'skipped' | 'failed'): void {
      warmed.labels(space, outcome).inc()
    },
    requested(space: string, operation: Operation, exchanged: Exchanged, tookMs: number): void {
      requests.labels(space, operation, outcomeOf(operation, exchanged)).inc()
      seconds.labels(space).observe(tookMs / 1_000)
    },
    watch(origins: () => Iterable<readonly [string, OriginState]>): void {
      atScrape(inFlight, () => {
        for (const gauge of [inFlight, open, ...Object.values(outbox)]) gauge.reset()
        for (const [space, { used, isOpen, behind }] of origins()) {
          inFlight.set({ space }, used)
          open.set({ space }, isOpen ? 1 : 0)
          if (!behind) continue
          outbox.pending.set({ space }, behind.pending)
          outbox.failed.set({ space }, behind.failed)
          outbox.bytes.set({ space }, behind.bytes)
          outbox.oldest.set({ space }, behind.oldestMs / 1_000)
        }
      })
    },
  }
}

function outcomeOf(operation: Operation, exchanged: Exchanged): string {
  if (exchanged.kind !== 'answered') return exchanged.kind
  const { status } = exchanged
  if (operation === 'write' || operation === 'delete') {
    const verdict = verdictOf(status, operation)
    return verdict === 'unknown' ? 'status' : verdict
  }
  if (status === 304) return 'not-modified'
  if (!isAnswer(status)) return 'status'
  return status === 200 ? 'value' : 'absent'
}
