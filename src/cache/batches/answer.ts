import { setImmediate } from 'node:timers/promises'
import type { Encoding } from '../../http/encoding.js'
import { toETag } from '../../http/etag.js'
import type { Entry, EntryKind, LeaseReply } from '../entries/scripts.js'
import { toLease } from '../leases/answer.js'
import { notTaken, type Taken, type Untaken } from '../origins/writing/answer.js'
import { encode } from './encoding.js'
import { AnswerBudget, type Found } from './reading.js'
import type { Failed } from './settle.js'

/**
 * One item of an answer as JSON text. Built by hand, because stored JSON goes in verbatim: parsed
 * and printed again it would lose digits, and cost more than everything else here.
 */
export type Item = string

const item = (key: string, status: string, more = ''): Item =>
  `{"key":${JSON.stringify(key)},"status":"${status}"${more}}`

/** About 4 ms of the event loop, where all of it is small JSON. */
const TURN_BYTES = 256 * 1024

/** One item for each end. Stored JSON costs by its length, so other requests run in between. */
export async function toItems<T>(
  ended: readonly T[],
  toText: (one: T, index: number) => Item,
): Promise<Item[]> {
  const items: Item[] = []
  let bytes = 0
  for (const [i, one] of ended.entries()) {
    const text = toText(one, i)
    items.push(text)
    bytes += text.length
    if (bytes > TURN_BYTES) {
      bytes = 0
      await setImmediate()
    }
  }
  return items
}

/** Closes a list of items into the body of the answer. */
export const toBody = (items: readonly Item[]): string => `{"results":[${items.join(',')}]}`

/** Items of one answer, whose values together take up at most 8 MiB of it. */
export class Items {
  readonly #budget = new AnswerBudget()

  found(key: string, found: Found, encoding: Encoding): Item {
    switch (found.kind) {
      case 'failed':
        return failed(key, found)
      case 'not-loaded':
        return item(key, found.failure.code, `,"detail":${JSON.stringify(found.failure.message)}`)
      case 'deferred':
        return item(key, 'deferred', leaseText(found.lease))
      case 'read':
        return this.#read(key, found.entry, found.lease, encoding)
    }
  }

  #read(key: string, entry: Entry | undefined, lease: LeaseReply, encoding: Encoding): Item {
    if (!entry || entry.state === 'negative') {
      return item(key, 'cache-miss', `,"state":"${entry?.state ?? 'miss'}"${leaseText(lease)}`)
    }
    if (entry.kind !== 'bytes') return item(key, 'kind-mismatch', `,"kind":"${entry.kind}"`)
    const encoded = encode(entry.payload ?? Buffer.alloc(0), encoding)
    if (!this.#budget.take(encoded.json.length)) return item(key, 'deferred', leaseText(lease))
    return item(
      key,
      'hit',
      `,"state":"${entry.state}","encoding":"${encoded.encoding}","value":${encoded.json}` +
        `,"contentType":${JSON.stringify(entry.contentType)}${codingText(entry)}` +
        `,"etag":${etagText(entry.version)},"ageMs":${entry.ageMs},"expiresInMs":${Math.max(0, entry.ttlMs)}` +
        leaseText(lease),
    )
  }
}

/** An item that its origin did not take, or not for sure. */
export function notTakenItem(key: string, end: Untaken): Item {
  const { code, message, more } = notTaken(end, 'condition')
  const { errors: _, ...members } = more.extensions ?? {}
  return item(key, code, `,${JSON.stringify({ detail: message, ...members }).slice(1, -1)}`)
}

/** @param version of what was written, or of the value that refused it; 0 for none. */
export const written = (key: string, status: string, version = 0, replayed = false): Item =>
  item(key, status, changeText(version, replayed))

/** Taken by the origin of its space, or to be taken. */
export const taken = (key: string, { kind, version, replayed, isPending = false }: Taken): Item =>
  item(key, kind, changeText(version, replayed) + pendingText(isPending, version))

interface Removed {
  readonly kind: string
  readonly version?: number
  readonly isPending?: boolean
}

export const deleted = (key: string, { isPending, version = 0 }: Removed): Item =>
  item(key, 'deleted', pendingText(isPending, version))

const pendingText = (isPending: boolean | undefined, version: number): string =>
  isPending ? `,"pending":${version}` : ''

export const counted = (key: string, value: string, version: number, replayed: boolean): Item =>
  item(key, 'counted', `,"value":"${value}"${changeText(version, replayed)}`)

const changeText = (version: number, replayed: boolean): string =>
  (version === 0 ? '' : `,"etag":${etagText(version)}`) + (replayed ? ',"replayed":true' : '')

export const mismatched = (key: string, kind: EntryKind): Item =>
  item(key, 'kind-mismatch', `,"kind":"${kind}"`)

export const failed = (key: string, { error }: Failed): Item =>
  item(
    key,
    error.code,
    `,"detail":${JSON.stringify(error.message)}${error.reason ? `,"reason":"${error.reason}"` : ''}`,
  )

/** Our entity tags are base 36 between quotes: only the quotes must be escaped. */
const etagText = (version: number): string => `"\\"${toETag(version).slice(1, -1)}\\""`

const codingText = ({ contentEncoding }: Entry): string =>
  contentEncoding === '' ? '' : `,"contentEncoding":${JSON.stringify(contentEncoding)}`

function leaseText(reply: LeaseReply): string {
  const lease = toLease(reply)
  return lease ? `,"lease":${JSON.stringify(lease)}` : ''
}
