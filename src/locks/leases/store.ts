import { randomToken } from '../../redis/random.js'
import { remainingMs } from '../../redis/remaining.js'
import { lockKey } from '../keys.js'
import type { LockCalls, Place } from '../lock-calls.js'
import { undo } from '../queue/abandon.js'
import { QueuedRequests } from '../queue/queued-requests.js'
import type { WaitList } from '../queue/wait-list.js'
import { sessionTag } from '../sessions/keys.js'
import { type AcquireOptions, ask, settle, toRecord } from './acquire.js'
import type {
  AcquireOutcome,
  DowngradeOutcome,
  MetadataOutcome,
  ReleaseOutcome,
  RenewOutcome,
  RevokeNotice,
} from './outcomes.js'
import type { HandedOver, RevokeReply } from './scripts.js'

/** The stream that carries a lease; `takes` for one that does so from now on. */
export interface Carrier {
  readonly hold: string
  readonly takes?: boolean
}

const toNotice = ({ reason, leftMs }: RevokeReply, started: number): RevokeNotice => ({
  reason,
  expiresInMs: leftMs === undefined ? undefined : remainingMs(leftMs, started),
})

/** Acquires, renews and releases leases on one name, or on all names of a set. */
export class LeaseStore {
  readonly #calls: LockCalls
  readonly #waitList: WaitList
  readonly #queued: QueuedRequests
  readonly #instance: string

  constructor(calls: LockCalls, waitList: WaitList, instance: string) {
    this.#calls = calls
    this.#waitList = waitList
    this.#queued = new QueuedRequests(calls, waitList)
    this.#instance = instance
  }

  async acquire(
    namespace: string,
    names: readonly string[],
    options: AcquireOptions,
  ): Promise<AcquireOutcome> {
    const place = this.#calls.place(namespace, names)
    if (!place) return { kind: 'cross-slot' }
    const { bucket, keys } = place
    if (options.sessionId !== undefined) {
      const tag = sessionTag(options.sessionId)
      if (tag !== bucket.tag) {
        return { kind: this.#calls.has(tag) ? 'cross-slot' : 'session-ended' }
      }
    }
    const request = { bucket, names, keys, options, record: toRecord(options, this.#instance) }
    if (options.waitMs) return this.#queued.acquire(request, options.waitMs)
    const started = performance.now()
    const reply = await ask(this.#calls, request, randomToken(), 0)
    if (reply.kind === 'queued') return this.#queued.attach(request, reply)
    return settle(this.#calls, request, reply, started)
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
    if (reply.kind !== 'renewed') return reply
    this.#calls.saw(reply.fences)
    const { fences, revoke } = reply
    const expiresInMs = remainingMs(reply.leftMs, started)
    return { kind: 'renewed', fences, expiresInMs, revoke: revoke && toNotice(revoke, started) }
  }

  /** @param metadata serialized JSON */
  async setMetadata(
    namespace: string,
    names: readonly string[],
    token: string,
    metadata: string,
  ): Promise<MetadataOutcome> {
    const place = this.#calls.place(namespace, names)
    if (!place) return { kind: 'cross-slot' }
    const args = { token, metadata, ...this.#calls.common() }
    const reply = await this.#calls.run.setMetadata({ lock: place.keys }, args)
    this.#calls.note(place.bucket, reply)
    if (reply.kind !== 'changed') return reply
    this.#calls.saw(reply.fences)
    return { kind: 'changed', fences: reply.fences }
  }

  async downgrade(namespace: string, name: string, token: string): Promise<DowngradeOutcome> {
    const place = this.#calls.placeOf(namespace, name)
    const args = { token, ...this.#calls.common() }
    const reply = await this.#calls.run.downgrade({ lock: place.keys }, args)
    this.#calls.note(place.bucket, reply)
    if (reply.kind === 'shared') this.#calls.saw([reply.fence])
    return reply
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
    if (reply.kind !== 'released') return reply
    for (const handed of reply.handed) {
      if (!this.#waitList.handOver(handed.grant, started)) this.#giveBack(place, handed)
    }
    return { kind: 'released', fences: reply.fences, heldMs: reply.heldMs }
  }

  /**
   * The waiter's request has ended and its place was left in the queue: the answer that named the
   * place was lost, or Redis was away when the client left. An unclaimed grant would have expired.
   */
  #giveBack({ bucket }: Place, { grant: { token, attach }, keyed, names }: HandedOver): void {
    const keys = names.map((name) => lockKey(bucket.namespace, bucket.tag, name))
    void undo(this.#calls, { bucket, keys, token, attach }, keyed)
  }
}
