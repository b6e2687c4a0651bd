import type { Static } from 'typebox'
import type { Encoding } from '../../http/encoding.js'
import { toFence } from '../../http/fence.js'
import { invalid } from '../../http/problem.js'
import type { RequestIdentity } from '../../http/request-fingerprint.js'
import { counted, failed, type Item, type Items, mismatched, written } from '../batches/answer.js'
import { type AnswerBudget, readInto } from '../batches/reading.js'
import { WriteFields } from '../batches/schemas.js'
import type { Failed } from '../batches/settle.js'
import { toItem, toItemWrite, type WriteStores, writeOne } from '../batches/writing.js'
import type { Condition } from '../condition.js'
import { int64 } from '../counters/request.js'
import type { IncrReply } from '../counters/scripts.js'
import type { CounterStore } from '../counters/store.js'
import type { CacheKey, WriteOptions } from '../entries/store.js'
import type { CacheMetrics } from '../metrics.js'
import type { Wanting } from '../origins/loading/loads.js'
import { resultOf } from '../origins/loading/reply.js'
import { ownsWrites, readsThrough } from '../origins/policy.js'
import { assertOfOrigin } from '../origins/request.js'
import type { PolicyOf } from '../spaces/store.js'
import type { Operation } from './schemas.js'

type Sent = Static<typeof Operation>

export interface Stores extends WriteStores {
  readonly counters: CounterStore
}

/** The end of an operation: makes its item of the answer, once all operations have ended. */
export type Ended = (items: Items, metrics: CacheMetrics) => Item

/** An operation that was checked and can run. */
export interface Planned {
  readonly key: CacheKey
  run(stores: Stores, budget: AnswerBudget, wanting: Wanting): Promise<Ended>
}

const FIELDS: Readonly<Record<Sent['op'], readonly string[]>> = {
  get: ['encoding'],
  put: Object.keys(WriteFields),
  delete: ['ifFence'],
  incr: ['by', 'initial', 'ttlMs', 'ifFence'],
}

/** @throws Problem invalid-request for a wrong field, or one of another operation. */
export async function plan(
  namespace: string,
  policyOf: PolicyOf,
  pointer: string,
  sent: Sent,
  idempotency: RequestIdentity | undefined,
): Promise<Planned> {
  const { op, space, key: name, ...fields } = sent
  const foreign = Object.keys(fields).find((field) => !FIELDS[op].includes(field))
  if (foreign) throw invalid(`${pointer}/${foreign}`, `does not belong to ${op}`)
  const key: CacheKey = { namespace, space, key: name, policy: await policyOf(namespace, space) }
  const { encoding = 'json' } = sent
  if (op !== 'get' && ownsWrites(key.policy)) return planOwned(key)
  switch (op) {
    case 'get':
      if (readsThrough(key.policy)) assertOfOrigin(key, `${pointer}/key`)
      return planGet(key, encoding)
    case 'put':
      return planPut(key, toItemWrite(pointer, { ...sent, encoding }, idempotency))
    case 'delete':
      return planDelete(key, { fence: toFence(sent.ifFence, `${pointer}/ifFence`) })
    case 'incr':
      return planIncr(key, pointer, sent, idempotency)
  }
}

/** Its origin owns the values: a pipeline would pass it by. */
const planOwned = (key: CacheKey): Planned => ({
  key,
  run: async () => () => written(key.key, 'origin-owned'),
})

const planGet = (key: CacheKey, encoding: Encoding): Planned => ({
  key,
  async run({ entries, origins }, budget, wanting) {
    const found = await readInto(budget, entries, key, (options) =>
      origins.read(key, options, wanting),
    )
    return (items, metrics) => {
      if (found.kind === 'read') metrics.read(key, resultOf(found), found.level)
      return items.found(key.key, found, encoding)
    }
  },
})

const planPut = (key: CacheKey, write: WriteOptions): Planned => ({
  key,
  async run(stores, _budget, wanting) {
    const reply = await writeOne(stores, key, write, wanting)
    return (_items, metrics) => toItem(key, reply, metrics)
  },
})

const planDelete = (key: CacheKey, condition: Condition): Planned => ({
  key,
  async run({ entries }) {
    const reply = await entries.remove(key, condition)
    return (_items, metrics) => {
      if (reply.kind !== 'removed') return written(key.key, reply.kind)
      metrics.invalidated(key.space, 'keys', 'hard', 1)
      return written(key.key, 'deleted')
    }
  },
})

function planIncr(
  key: CacheKey,
  pointer: string,
  sent: Sent,
  idempotency: RequestIdentity | undefined,
): Planned {
  const by = int64(`${pointer}/by`, sent.by ?? 1)
  const initial = int64(`${pointer}/initial`, sent.initial ?? 0)
  const condition = { fence: toFence(sent.ifFence, `${pointer}/ifFence`) }
  return {
    key,
    async run({ counters }) {
      const reply = await counters.incr(key, {
        by,
        initial,
        ttlMs: sent.ttlMs,
        condition,
        idempotency,
      })
      return (_items, metrics) => incremented(key, reply, metrics)
    },
  }
}

function incremented(key: CacheKey, reply: IncrReply, metrics: CacheMetrics): Item {
  switch (reply.kind) {
    case 'counted':
      metrics.write(key.space, reply.created ? 'created' : 'replaced')
      return counted(key.key, reply.value, reply.version, reply.replayed)
    case 'kind-mismatch':
      return mismatched(key.key, reply.found)
    case 'overflow':
      return written(key.key, 'counter-overflow')
    case 'precondition-failed':
      return written(key.key, 'precondition-failed', reply.version)
    case 'fence-outdated':
      return written(key.key, 'fence-outdated')
    case 'outbox-pending':
      return written(key.key, 'outbox-pending')
    case 'conflict':
      return written(key.key, 'idempotency-conflict')
  }
}

export const toText = (key: string, ended: Ended | Failed, items: Items, metrics: CacheMetrics) =>
  typeof ended === 'function' ? ended(items, metrics) : failed(key, ended)
