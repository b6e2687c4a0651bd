import { invalid } from '../../http/problem.js'
import type { ReadOptions } from './store.js'

const MAX_MS = 2_592_000_000

export type Directives = ReadonlyMap<string, string | undefined>

/** Directives by lower-case name; seconds where the directive takes them. */
export function directives(header: string | undefined): Directives {
  const found = new Map<string, string | undefined>()
  for (const part of header?.split(',') ?? []) {
    const [name = '', value] = part.split('=', 2)
    if (name.trim() !== '') {
      found.set(name.trim().toLowerCase(), value?.trim().replace(/^"(.*)"$/, '$1'))
    }
  }
  return found
}

/** @throws Problem invalid-request where the seconds are missing, not whole, or above 30 days. */
function milliseconds(found: Directives, name: string): number | undefined {
  if (!found.has(name)) return undefined
  const text = found.get(name) ?? ''
  const ms = Number(text) * 1_000
  if (!/^\d+$/.test(text) || ms > MAX_MS) {
    throw invalid(
      'header/cache-control',
      `${name} must be whole seconds, at most ${MAX_MS / 1_000}`,
    )
  }
  return ms
}

/** How fresh a reader wants the value. */
export function toReadDirectives(
  header: string | undefined,
): Pick<ReadOptions, 'maxStaleMs' | 'minFreshMs' | 'skipL1'> {
  if (header === undefined) return {}
  const found = directives(header)
  const maxStaleMs =
    found.has('max-stale') && found.get('max-stale') === undefined
      ? undefined
      : milliseconds(found, 'max-stale')
  return {
    maxStaleMs,
    minFreshMs: milliseconds(found, 'min-fresh'),
    skipL1: found.has('no-cache'),
  }
}

/** Directives that contradict storing a value in a shared cache, and why. */
const NOT_FOR_WRITES: Readonly<Record<string, string>> = {
  'no-store': 'then do not store it',
  'no-cache': 'every read would have to load it',
  private: 'this cache is shared',
  'max-stale': 'that is for reads',
  'min-fresh': 'that is for reads',
  'only-if-cached': 'that is for reads',
}

/**
 * How long a writer wants the value kept. Directives that do not concern this cache are ignored, as
 * are unknown ones, so that the header of an origin can be sent on unchanged.
 * @throws Problem invalid-request for those that cannot be kept.
 */
export function toWriteDirectives(header: string | undefined) {
  const found = directives(header)
  for (const [name, why] of Object.entries(NOT_FOR_WRITES)) {
    if (found.has(name)) throw invalid('header/cache-control', `says ${name}: ${why}`)
  }
  const shared = found.has('s-maxage') ? 's-maxage' : 'max-age'
  const ttlMs = milliseconds(found, shared)
  if (ttlMs === 0) throw invalid('header/cache-control', `${shared} must be at least 1`)
  const isNeverStale = found.has('must-revalidate') || found.has('proxy-revalidate')
  return {
    ttlMs,
    staleMs: isNeverStale ? 0 : milliseconds(found, 'stale-while-revalidate'),
    errorMs: isNeverStale ? 0 : milliseconds(found, 'stale-if-error'),
  }
}
