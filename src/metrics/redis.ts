import type { Metrics } from './registry.js'

interface Failure extends Error {
  readonly code?: string
  readonly reason?: string | undefined
}

/** An observer of the binder. */
export function createRedisMetrics(metrics: Metrics) {
  const duration = metrics.histogram(
    'lockstep_redis_script_duration_seconds',
    'Round trip of one batch of calls of a script',
    ['script'],
  )
  const size = metrics.histogram(
    'lockstep_redis_batch_calls',
    'Calls in one EVALSHA',
    ['script'],
    [1, 2, 4, 8, 16, 32, 64, 128],
  )
  const errors = metrics.counter(
    'lockstep_redis_errors_total',
    'Batches and calls that failed, by kind',
    ['kind'],
  )
  return {
    batch(script: string, calls: number, seconds: number) {
      duration.labels(script).observe(seconds)
      size.labels(script).observe(calls)
    },
    failure: ({ reason, code }: Failure) => errors.labels(reason ?? code ?? 'script-error').inc(),
  }
}
