import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonic } from '../safety/fleet.js'
import type { Operation } from './history.js'

/** Callers time out before a stopped instance resumes. */
const TIMEOUT_MS = 1_000
const TTL_MS = 500
/** How long callers use the same locks: short histories are fast to check. */
const EPOCH_US = 1_500_000
const TRIES = 3

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

type Outcome = Pick<Operation, 'out' | 'fence'>

const below = (n: number): number => Math.floor(Math.random() * n)
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T

/** The outcome of an answer that does not show what happened. */
const UNKNOWN: Outcome = { out: 'unknown' }

/** Callers that acquire, renew, verify and release leases through random instances. */
export class Workload {
  readonly history: Operation[] = []
  readonly #urls: readonly string[]
  #leases = 0
  #isOver = false

  constructor(urls: readonly string[]) {
    this.#urls = urls
  }

  /** @returns a function that stops the load after the requests in flight are answered */
  start(callers: number): () => Promise<void> {
    const loops = Array.from({ length: callers }, async () => {
      while (!this.#isOver) await this.#once()
    })
    return async () => {
      this.#isOver = true
      await Promise.all(loops)
    }
  }

  async #once(): Promise<void> {
    const epoch = Math.floor(monotonic() / EPOCH_US)
    // Without a queue only a holder causes a refusal; for the other locks a refusal proves nothing.
    const waits = below(2) === 0
    const lock = `${waits ? 'queued' : 'plain'}-${below(2)}-${epoch}`
    const lease = ++this.#leases
    const token = await this.#acquire(lock, lease, waits ? oneOf([0, 300]) : 0)
    if (token === undefined) return sleep(below(30))
    await this.#work(lock, lease, token)
    await sleep(below(15))
  }

  async #work(lock: string, lease: number, token: { text: string; fence: number }): Promise<void> {
    await sleep(below(25))
    if (below(2) === 0) await this.#ask(lock, lease, 'verify', { fence: token.fence })
    const renew = () =>
      this.#ask(lock, lease, 'renew', { token: token.text, ttlMs: TTL_MS }, TTL_MS * 1_000)
    if (below(3) === 0) await renew()
    // Some callers return after their lease has expired, and some never.
    await sleep(below(6) === 0 ? TTL_MS + below(200) : below(25))
    if (below(3) === 0) await renew()
    if (below(8) === 0) return
    for (let i = 0; i < TRIES; i++) {
      const out = await this.#ask(lock, lease, 'release', { token: token.text })
      if (out !== 'unknown') return
    }
  }

  /** With a key, repeats the request for the same lease while its outcome is unknown. */
  async #acquire(lock: string, lease: number, waitMs: number) {
    const key = below(2) === 0 ? randomUUID() : undefined
    const isQueued = lock.startsWith('queued')
    const began = monotonic()
    for (let i = 0; i < (key ? TRIES : 1); i++) {
      // A repeat gets the lease of an earlier try, whose time already runs. In a queue that try is
      // not recorded, so the grant counts from the first.
      const call = isQueued ? began : monotonic()
      const answer = await this.#call(lock, 'acquire', { ttlMs: TTL_MS, waitMs }, key)
      const outcome = toGrant(answer, waitMs)
      const end = monotonic()
      // A refusal proves no holder in a queue, or after an unknown try, so it is not recorded
      // there. Without refusals, an unknown grant is not needed to explain one.
      const says =
        outcome?.out === 'granted' ||
        (outcome?.out === 'unknown' && !isQueued) ||
        (outcome?.out === 'refused' && !isQueued && i === 0)
      const common = { lock, op: 'acquire', lease, ttlUs: TTL_MS * 1_000 } as const
      if (outcome && says) this.history.push({ ...common, ...outcome, call, end })
      if (outcome?.out === 'granted') {
        return { text: String(answer.body.token), fence: Number(outcome.fence) }
      }
      if (outcome?.out === 'refused') return undefined
      await sleep(below(100))
    }
    return undefined
  }

  async #ask(
    lock: string,
    lease: number,
    op: 'renew' | 'release' | 'verify',
    body: object,
    ttlUs?: number,
  ): Promise<Operation['out'] | 'not-applied'> {
    const call = monotonic()
    const answer = await this.#call(lock, op, body)
    const out = toHeld(op, answer)
    if (out === undefined) return 'unknown'
    const isVoid = op === 'verify' && out === 'unknown'
    const times = { call, end: monotonic() }
    if (!isVoid) this.history.push({ lock, op, lease, out, ...(ttlUs && { ttlUs }), ...times })
    return out
  }

  async #call(lock: string, verb: string, body: object, key?: string): Promise<Answer> {
    try {
      const response = await fetch(`${oneOf(this.#urls)}/v1/locks/${lock}/${verb}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      return { status: response.status, body: (await response.json()) as Answer['body'] }
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string }
      if (code === 'ECONNREFUSED') return REFUSED
      return { status: 0, body: {} }
    }
  }
}

/** The connection was refused. */
const REFUSED: Answer = { status: 503, body: { code: 'store-unavailable' } }

/** Nothing was applied, so nothing is known of the lock either. */
const isNotApplied = ({ status, body }: Answer): boolean =>
  status === 503 && body.code === 'store-unavailable'

/** @returns undefined if the call took no effect and shows nothing */
function toGrant(answer: Answer, waitMs: number): Outcome | undefined {
  if (answer.status === 200) return { out: 'granted', fence: Number(answer.body.fence) }
  if (answer.status === 423) return { out: 'refused' }
  // It was granted, and the lease was over before the instance, stopped meanwhile, could answer.
  if (answer.status === 410) return UNKNOWN
  // A waiter may have been granted the lock before the error.
  return isNotApplied(answer) && waitMs === 0 ? undefined : UNKNOWN
}

function toHeld(
  op: 'renew' | 'release' | 'verify',
  answer: Answer,
): 'held' | 'lost' | 'unknown' | undefined {
  const { status, body } = answer
  if (status === 200) {
    const held = op === 'release' ? body.released : op === 'verify' ? body.current : true
    return held === true ? 'held' : 'lost'
  }
  if (status === 409 || status === 410) return 'lost'
  return isNotApplied(answer) ? undefined : 'unknown'
}
