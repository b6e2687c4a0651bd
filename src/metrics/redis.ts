import type { Metrics } from './registry.js'

/** What the binder reports; the shape is its own, so that neither room imports the other. */
export interface RedisMetrics {
  batch(script: string, calls: number, seconds: number): void
  failure(error: Error & { readonly code?: string; readonly reason?: string | undefined }): void
}

export function createRedisMetrics(metrics: Metrics): RedisMetrics {
  const duration = metrics.histogram(
    'lockstep_redis_script_duration_seconds',
    'Round trip of one batch of calls of a script',
    ['script'],
  )
  const size = metrics.histogram(
    'lockstep_redis_batch_calls',
    'Calls that travelled together in one EVALSHA',
    ['script'],
    [1, 2, 4, 8, 16, 32, 64, 128],
  )
  const errors = metrics.counter(
    'lockstep_redis_errors_total',
    'Batches or calls that Redis did not answer as it should, by class',
    ['kind'],
  )
  return {
    batch(script, calls, seconds) {
      duration.labels(script).observe(seconds)
      size.labels(script).observe(calls)
    },
    failure: (error) => errors.labels(error.reason ?? error.code ?? 'script-error').inc(),
  }
}
