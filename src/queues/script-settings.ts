import type { QueueSettings } from './settings.js'

/** Dedup ids, and what a purge or a DELETE left of a queue, outlive any dedup window. */
const LONGEST_WINDOW_MS = 3_600_000

const texts = new WeakMap<QueueSettings, string>()

/** The settings as scripts read them: SETTINGS in scripts/lib/queue.lua. */
export function toScriptSettings(settings: QueueSettings): string {
  const known = texts.get(settings)
  if (known !== undefined) return known
  const text = [
    Math.max(settings.retentionMs + settings.deadRetentionMs, LONGEST_WINDOW_MS),
    settings.retentionMs,
    settings.deadRetentionMs,
    settings.deadCapacity,
    settings.maxFailures,
    settings.backoff.baseMs,
    settings.backoff.maxMs,
    settings.capacity,
    settings.maxBytes,
    settings.dedupWindowMs,
  ].join(' ')
  texts.set(settings, text)
  return text
}
