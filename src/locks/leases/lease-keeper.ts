import { remainingMs } from '../../redis/remaining.js'
import { fromStoredName, lockKey } from '../keys.js'
import type { LockCalls, Place } from '../lock-calls.js'
import type { AbandonedRequests } from '../queue/abandoned-requests.js'
import type { WaitList } from '../queue/wait-list.js'
import { type ReleaseOutcome, type RenewOutcome, toLost } from './outcomes.js'
import type { HandedOver } from './scripts.js'

/** The stream that carries a lease; `takes` for one that does so from now on. */
export interface Carrier {
  readonly hold: string
  readonly takes?: boolean
}

/** What the holder of a token asks for: more time, or the end. */
export class LeaseKeeper {
  readonly #calls: LockCalls
  readonly #waitList: WaitList
  readonly #abandoned: AbandonedRequests
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
    this.#instance = instance
  }

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
        ...this.#calls.common(),
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
      { token, instance: this.#instance, ...this.#calls.common(), hold },
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
   * was away when it was given up. A provisional grant would have lapsed.
   */
  #giveBack({ bucket }: Place, { grant: { token, attach }, keyed, stored }: HandedOver): void {
    const keys = stored.map((name) => lockKey(bucket.namespace, bucket.tag, fromStoredName(name)))
    void this.#abandoned.undo({ bucket, keys, token, attach }, keyed)
  }
}
