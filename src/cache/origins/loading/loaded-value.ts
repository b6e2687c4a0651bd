import { type Directives, directives } from '../../entries/cache-control.js'
import { MAX_LIFE_MS } from '../../entries/schemas.js'
import type { CacheKey, WriteOptions } from '../../entries/store.js'
import type { Life } from '../../entries/value.js'
import { isCodings, isMediaType, tagsIn, UNKNOWN_TYPE } from '../../entries/value-headers.js'
import type { AnswerHeaders, Exchanged } from '../client.js'
import { toValidator } from './validator.js'

/** What an origin says of a key: a value, or that there is none. */
export interface LoadedValue {
  readonly write: WriteOptions
  /** Else it belongs to the request alone for which it was loaded. */
  readonly isStorable: boolean
}

export type Answered = Extract<Exchanged, { readonly kind: 'answered' }>

/** Whether a status says something of the key; any other is a load that failed. */
export const isAnswer = (status: number): boolean =>
  status === 200 || status === 404 || status === 410

/** @param tookMs since the request was sent */
export function toLoadedValue(answer: Answered, key: CacheKey, tookMs: number): LoadedValue {
  const { headers, body, status } = answer
  const isNegative = status !== 200
  const life = lifeOf(headers, key, isNegative, tookMs)
  const type = textOf(headers, 'content-type')
  const tags = tagsIn(textOf(headers, 'cache-groups'), textOf(headers, 'surrogate-key'))
  return {
    write: {
      payload: body,
      contentType: type !== undefined && isMediaType(type) ? type : UNKNOWN_TYPE,
      contentEncoding: isNegative ? '' : (textOf(headers, 'content-encoding') ?? ''),
      tags: isNegative ? [] : (tags ?? []),
      isNegative,
      validator: isNegative ? undefined : toValidator(headers),
      ...life,
    },
    isStorable: mayStore(headers) && body.length <= key.policy.maxValueBytes && isServable(life),
  }
}

/**
 * How long the value that is there is served, which the origin says is current; undefined where what it
 * says may not be stored.
 */
export function confirmedLife(
  { headers }: Answered,
  key: CacheKey,
  tookMs: number,
): Life | undefined {
  const life = lifeOf(headers, key, false, tookMs)
  return mayStore(headers) && isServable(life) ? life : undefined
}

/** Whether the body is what its headers say; bytes with an unknown coding are of no use. */
export const isReadable = ({ headers }: Answered): boolean =>
  isCodings(textOf(headers, 'content-encoding') ?? 'identity')

function mayStore(headers: AnswerHeaders): boolean {
  const found = directives(textOf(headers, 'cache-control'))
  const vary = textOf(headers, 'vary') ?? ''
  return !(
    found.has('no-store') ||
    found.has('private') ||
    headers['set-cookie'] !== undefined ||
    vary.split(',').some((name) => name.trim() === '*')
  )
}

const isServable = ({ ttlMs, staleMs, errorMs }: Life): boolean => ttlMs + staleMs + errorMs > 0

/** How long the answer is fresh, and served after that: at most as the space says. */
function lifeOf(
  headers: AnswerHeaders,
  { policy }: CacheKey,
  isNegative: boolean,
  tookMs: number,
): Life {
  const found = directives(textOf(headers, 'cache-control'))
  const obeys = policy.origin?.ttlFrom === 'response'
  const maxAgeMs = millisecondsOf(found, found.has('s-maxage') ? 's-maxage' : 'max-age')
  const usualMs = isNegative ? policy.negativeTtlMs : policy.ttlMs
  const freshMs =
    found.has('no-cache') || maxAgeMs === 0
      ? 0
      : obeys && maxAgeMs !== undefined
        ? Math.min(usualMs, maxAgeMs - ageMsOf(headers) - tookMs)
        : usualMs
  const ttlMs = Math.max(0, Math.floor(freshMs))
  if (isNegative || found.has('must-revalidate') || found.has('proxy-revalidate')) {
    return { ttlMs, staleMs: 0, errorMs: 0 }
  }
  // What became stale on its way has spent a part of its windows.
  const spentMs = Math.max(0, -freshMs)
  const window = (name: string, ofSpaceMs: number) => {
    const saidMs = obeys ? (millisecondsOf(found, name) ?? ofSpaceMs) : ofSpaceMs
    return Math.floor(Math.max(0, Math.min(ofSpaceMs, saidMs) - spentMs))
  }
  return {
    ttlMs,
    staleMs: window('stale-while-revalidate', policy.staleMs),
    errorMs: window('stale-if-error', policy.errorMs),
  }
}

/** RFC 9111, 4.2.1: what cannot be read counts as stale. */
function millisecondsOf(found: Directives, name: string): number | undefined {
  if (!found.has(name)) return undefined
  const text = found.get(name) ?? ''
  return /^\d+$/.test(text) ? Math.min(MAX_LIFE_MS, Number(text) * 1_000) : 0
}

function ageMsOf(headers: AnswerHeaders): number {
  const text = textOf(headers, 'age') ?? ''
  return /^\d+$/.test(text) ? Number(text) * 1_000 : 0
}

function textOf(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
