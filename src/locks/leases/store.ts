import { randomToken } from '../../redis/random.js'
import { remainingMs } from '../../redis/remaining.js'
import { fromStoredName, lockKey } from '../keys.js'
import type { LockCalls, Place } from '../lock-calls.js'
import type { AbandonedRequests } from '../queue/abandoned-requests.js'
import { QueuedRequests } from '../queue/queued-requests.js'
import type { WaitList } from '../queue/wait-list.js'
import { sessionTag } from '../sessions/keys.js'
import { type AcquireOptions, Acquirer, toRecord } from './acquirer.js'
import { type AcquireOutcome, type ReleaseOutcome, type RenewOutcome, toLost } from './outcomes.js'
import type { HandedOver } from './scripts.js'

/** The stream that carries a lease; `takes` for one that does so from now on. */
export interface Carrier {
  readonly hold: string
  readonly takes?: boolean
}

/** Leases on one name or on all names of a set: taken, renewed and released. */
export class LeaseStore {
  readonly #calls: LockCalls
  readonly #waitList: WaitList
  readonly #abandoned: AbandonedRequests
  readonly #acquirer: Acquirer
  readonly #queued: QueuedRequests
  readonly #instance: string

  constructor(
    calls: LockCalls,
    waitList: WaitList,
    abandoned: AbandonedRequests,
    instance: string,
  ) {
    this.#calls = calls
    this.#waitList = waitList
    this.#abandoned = abandoned
    this.#acquirer = new Acquirer(calls, abandoned)
    this.#queued = new QueuedRequests(calls, waitList, abandoned, this.#acquirer)
    this.#instance = instance
  }

  async acquire(
    namespace: string,
    names: readonly string[],
    options: AcquireOptions,
  ): Promise<AcquireOutcome> {
    const place = this.#calls.place(namespace, names)
    if (!place) return { kind: 'cross-slot' }
    if (options.sessionId !== undefined) {
      const tag = sessionTag(options.sessionId)
      if (tag !== place.bucket.tag) {
        return { kind: this.#calls.has(tag) ? 'cross-slot' : 'session-ended' }
      }
    }
    const { waitMs } = options
    const record = toRecord(options, this.#instance)
    if (waitMs) return this.#queued.acquire(place, names, options, record, waitMs)
    const started = performance.now()
    const reply = await this.#acquirer.ask(place, randomToken(), record, options, 0)
    if (reply.outcome === 'queued') {
      return this.#queued.attach(place, names, options, record, reply)
    }
    return this.#acquirer.settle(place, options, reply, started)
  }

  /** @param ttlMs 0 for the lease's own length */
  async renew(
    namespace: string,
    names: readonly string[],
    token: string,
    ttlMs: number,
    carrier?: Carrier,
  ): Promise<RenewOutcome> {
    const place = this.#calls.place(namespace, names)
    if (!place) return { kind: 'cross-slot' }
    const started = performance.now()
    const reply = await this.#calls.run.renew(
      { lock: place.keys },
      {
        token,
        ttl_ms: ttlMs,
        floor: this.#calls.floor,
        ended_ttl_ms: this.#calls.endedTtlMs,
        hold: carrier?.hold,
        takes: carrier?.takes ? '1' : undefined,
      },
    )
    this.#calls.note(place.bucket, reply)
    if (reply.outcome !== 'renewed') return toLost(reply)
    this.#calls.saw(reply.fences)
    const expiresInMs = remainingMs(reply.leftMs, started)
    return { kind: 'renewed', fences: reply.fences, expiresInMs, revoke: reply.revoke }
  }

  /** @param hold the stream that carried it was closed: the lease ends as after a crash */
  async release(
    namespace: string,
    names: readonly string[],
    token: string,
    hold?: string,
  ): Promise<ReleaseOutcome> {
    const place = this.#calls.place(namespace, names)
    if (!place) return { kind: 'cross-slot' }
    const started = performance.now()
    const reply = await this.#calls.run.release(
      { lock: place.keys },
      {
        token,
        instance: this.#instance,
        floor: this.#calls.floor,
        ended_ttl_ms: this.#calls.endedTtlMs,
        hold,
      },
    )
    this.#calls.note(place.bucket, reply)
    if (reply.outcome !== 'released') return toLost(reply)
    for (const handed of reply.handed) {
      if (!this.#waitList.handOver(handed.grant, started)) this.#giveBack(place, handed)
    }
    return { kind: 'released', fences: reply.fences, heldMs: reply.heldMs }
  }

  /**
   * Its request is gone and its place was left behind: the answer that told of it was lost, or Redis
   * was away when it was given up. A provisional grant would have expired.
   */
  #giveBack({ bucket }: Place, { grant: { token, attach }, keyed, stored }: HandedOver): void {
    const keys = stored.map((name) => lockKey(bucket.namespace, bucket.tag, fromStoredName(name)))
    void this.#abandoned.undo({ bucket, keys, token, attach }, keyed)
  }
}
