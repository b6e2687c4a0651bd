import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Harness } from '../support/harness.js'

/** Counts of one run. The workers check every answer by a retry with the same key. */
export interface Tally {
  operations: number
  applied: number
  /** Answered as not applied: the retry must not find a lease. */
  not: number
  /** Answered as unknown: the retry shows whether it was applied. */
  unknown: number
  unknownApplied: number
  /** Acknowledged leases that the promoted replica never received. */
  lost: number
  /** Answers that the retry proved wrong. Must stay 0. */
  lies: number
  /** Fences not above the previous fence of the same lock. Must stay 0. */
  fencesBack: number
  /** 5xx other than 503, and any unexpected answer. Must stay empty. */
  odd: string[]
  slowestMs: number
}

export interface Load {
  readonly tally: Tally
  /** When each worker last had a success, in `performance.now()`. */
  readonly lastSuccess: readonly number[]
  stop(): Promise<void>
}

const PAUSE_MS = 2

/**
 * Starts workers that acquire and release. Each uses a lock in its own namespace, so that on a
 * Cluster the locks are in different slots.
 */
export function startLoad({ app, namespace }: Harness, workers: number): Load {
  const lastSuccess = new Array<number>(workers).fill(0)
  const tally: Tally = {
    operations: 0,
    applied: 0,
    not: 0,
    unknown: 0,
    unknownApplied: 0,
    lost: 0,
    lies: 0,
    fencesBack: 0,
    odd: [],
    slowestMs: 0,
  }
  let stopping = false

  async function call(worker: number, verb: string, payload: object, key?: string) {
    const started = performance.now()
    const answer = await app.inject({
      method: 'POST',
      url: `/v1/locks/load/${verb}`,
      headers: {
        'lockstep-namespace': `${namespace}-${worker}`,
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      payload,
    })
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - started)
    const code = answer.statusCode === 200 ? 'ok' : String(answer.json().code)
    return { code, body: answer.json(), replayed: 'idempotent-replayed' in answer.headers }
  }

  /** Retries until the answer is not 503. `claims` collects what the answers said. */
  async function acquire(worker: number, key: string) {
    let unknown = false
    let refused = false
    for (;;) {
      tally.operations += 1
      const answer = await call(worker, 'acquire', { ttlMs: 60_000 }, key)
      if (answer.code === 'ok') {
        if (answer.replayed && unknown) tally.unknownApplied += 1
        if (answer.replayed && refused && !unknown) tally.lies += 1
        return answer.body
      }
      if (answer.code === 'outcome-unknown') {
        unknown = true
        tally.unknown += 1
      } else if (answer.code.startsWith('store-') || answer.code === 'not-replicated') {
        refused = true
        tally.not += 1
      } else {
        return tally.odd.push(`acquire ${answer.code}`)
      }
      await sleep(20)
    }
  }

  async function release(worker: number, token: string): Promise<void> {
    for (;;) {
      tally.operations += 1
      const { code } = await call(worker, 'release', { token })
      if (code === 'ok') return
      if (code === 'not-owner') {
        tally.lost += 1
        return
      }
      if (code === 'outcome-unknown') tally.unknown += 1
      else if (code.startsWith('store-') || code === 'not-replicated') tally.not += 1
      else {
        tally.odd.push(`release ${code}`)
        return
      }
      await sleep(20)
    }
  }

  async function work(worker: number): Promise<void> {
    let last = 0
    while (!stopping) {
      const lease = await acquire(worker, randomUUID())
      if (typeof lease === 'number') {
        await sleep(100)
        continue
      }
      tally.applied += 1
      if (lease.fence <= last) tally.fencesBack += 1
      last = lease.fence
      await release(worker, lease.token)
      lastSuccess[worker] = performance.now()
      await sleep(PAUSE_MS)
    }
  }

  const done = Promise.all(lastSuccess.map((_, worker) => work(worker)))
  return {
    tally,
    lastSuccess,
    async stop() {
      stopping = true
      await done
    },
  }
}
