import { setTimeout as sleep } from 'node:timers/promises'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { LIST_BODY_BYTES } from '../../../http/body.js'
import { parseJson } from '../../../http/json.js'
import { ObjectName } from '../../../http/names.js'
import { Problem } from '../../../http/problem.js'
import { randomToken } from '../../../redis/random.js'
import { faultsOf } from '../../../schema/faults.js'
import { keyFault } from '../address.js'
import type { Exchanged } from '../client.js'
import { FAILURES } from '../loading/reply.js'
import { isUp, type Origin } from '../origin.js'
import { MAX_WARMED_KEYS } from '../schemas.js'
import type { WarmingName } from './store.js'

export interface KeyListOptions {
  readonly origin: Pick<Origin, 'list' | 'slots'>
  readonly url: string
  /** How long to wait after each request to an origin that is away, before the next one. */
  readonly pausesMs?: readonly number[]
}

/** The keys, or why there are none. */
export type ListEnd =
  | { readonly kind: 'read'; readonly keys: readonly string[] }
  | { readonly kind: 'failed'; readonly detail: string }

/** A service that starts together with its origin waits for it. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000]
/** Until a slot is free. */
const SLOT_MS = 25

/** Reads the list of keys at a URL, which a request to warm them could hold. */
export async function readKeyList(
  { origin, url, pausesMs = PAUSES_MS }: KeyListOptions,
  name: Pick<WarmingName, 'namespace' | 'space'>,
  stopped: AbortSignal,
): Promise<ListEnd> {
  for (let tries = 0; ; tries++) {
    while (!stopped.aborted && !origin.slots.takeInBackground()) await sleep(SLOT_MS)
    if (stopped.aborted) return { kind: 'read', keys: [] }
    const exchanged = await origin
      .list(name, url, { requestId: randomToken() })
      .finally(() => origin.slots.release(true))
    const pauseMs = pausesMs[tries]
    if (isUp(exchanged) || pauseMs === undefined) return toEnd(exchanged)
    await sleep(pauseMs, undefined, { ref: false, signal: stopped }).catch(() => undefined)
  }
}

function toEnd(exchanged: Exchanged): ListEnd {
  if (exchanged.kind !== 'answered') return failed(FAILURES[exchanged.kind](0).message)
  const { status, body } = exchanged
  if (status !== 200) return failed(FAILURES.answered(0, status).message)
  if (body.length > LIST_BODY_BYTES) return failed(`It is larger than ${LIST_BODY_BYTES} bytes.`)
  try {
    return toKeys(parseJson(body.toString('utf8')))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return failed('It is not JSON.')
  }
}

const LIST = Type.Array(ObjectName, { maxItems: MAX_WARMED_KEYS })
const FORM = Compile(LIST)

function toKeys(list: unknown): ListEnd {
  if (!FORM.Check(list)) {
    const [{ pointer, message } = { pointer: '', message: 'is unusable' }] = faultsOf(LIST, list)
    return failed(pointer === '' ? `It ${message}.` : `Its item ${pointer.slice(1)} ${message}.`)
  }
  const at = list.findIndex((key) => keyFault(key) !== undefined)
  if (at >= 0) return failed(`Its item ${at} ${keyFault(list[at] as string)}.`)
  return { kind: 'read', keys: [...new Set(list)] }
}

const failed = (why: string): ListEnd => ({ kind: 'failed', detail: `The list of keys: ${why}` })
