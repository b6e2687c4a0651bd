import type { Bucket } from '../buckets/sweeper.js'
import type { GrantReply } from '../leases/scripts.js'
import type { LockCalls } from '../lock-calls.js'
import type { Waiter } from './waiter.js'

const HEARTBEAT_MS = 1_000
const HEARTBEAT_WAITERS = 100

/**
 * The requests that wait at this instance. A message announces a grant; the heartbeat of every
 * second finds the grants whose message was lost, and restores the waiters that Redis forgot.
 */
export class WaitList {
  readonly #calls: LockCalls
  readonly #instance: string
  readonly #byToken = new Map<string, Set<Waiter>>()
  readonly #timer: NodeJS.Timeout

  constructor(calls: LockCalls, instance: string) {
    this.#calls = calls
    this.#instance = instance
    this.#timer = setInterval(() => {
      for (const group of chunks(this.#all().filter(({ queued }) => queued))) {
        this.#heartbeat(group).catch(() => undefined)
      }
    }, HEARTBEAT_MS)
    this.#timer.unref()
  }

  add(waiter: Waiter): void {
    const known = this.#byToken.get(waiter.token)
    if (known) known.add(waiter)
    else this.#byToken.set(waiter.token, new Set([waiter]))
  }

  remove(waiter: Waiter): void {
    const known = this.#byToken.get(waiter.token)
    if (known?.delete(waiter) && known.size === 0) this.#byToken.delete(waiter.token)
  }

  /** Another token: the request turned out to be a repeat. */
  rename(waiter: Waiter, token: string): void {
    this.remove(waiter)
    waiter.token = token
    this.add(waiter)
  }

  announce(token: string): void {
    for (const waiter of this.#byToken.get(token) ?? []) waiter.wake('announced')
  }

  /**
   * The lease of a waiter has begun; false when nobody here waits for it any more.
   * @param sentAt when the release that made room was sent
   */
  handOver(grant: GrantReply, sentAt: number): boolean {
    const known = this.#byToken.get(grant.token)
    for (const waiter of known ?? []) {
      // The others that wait for it claim it in Redis, so that it outlives this one.
      if (waiter.attach !== grant.attach) waiter.wake('announced')
      else {
        waiter.handed = { grant, sentAt }
        waiter.wake('handed')
      }
    }
    return known !== undefined
  }

  /** Puts a waiter back into its queues, or wakes it when it has no place there any more. */
  async restore(waiter: Waiter): Promise<void> {
    if (!waiter.queued) return
    const restored = this.#restore(waiter)
    waiter.restoring = restored.catch(() => undefined)
    const kind = await restored
    if (kind !== 'waiting') waiter.wake(kind)
  }

  count(): number {
    return this.#byToken.size
  }

  drain(): void {
    for (const waiter of this.#all()) waiter.wake('draining')
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #all(): Waiter[] {
    return [...this.#byToken.values()].flatMap((waiters) => [...waiters])
  }

  async #heartbeat(waiters: readonly Waiter[]): Promise<void> {
    const { nextMs, states } = await this.#calls.run.heartbeat(
      { lock: waiters.map(({ keys }) => keys[0] as string) },
      { instance: this.#instance, token: waiters.map(({ token }) => token) },
    )
    // The grant of an instance that died expires here, as soon as one of this instance.
    this.#calls.look((waiters[0] as Waiter).bucket, nextMs)
    for (const [i, waiter] of waiters.entries()) {
      if (states[i] === 'granted') waiter.wake('announced')
      else if (states[i] === 'missing') await this.restore(waiter)
    }
  }

  async #restore({ request, token, attach, ticket, startedAt, deadlineAt }: Waiter) {
    const now = performance.now()
    const reply = await this.#calls.run.restore(
      { lock: request.keys },
      {
        token,
        waiter: JSON.stringify({ ...(JSON.parse(request.record) as object), attach, ticket }),
        waited_ms: Math.round(now - startedAt),
        wait_ms: Math.max(1, Math.round(deadlineAt - now)),
        ...this.#calls.common(),
      },
    )
    this.#calls.note(request.bucket, reply)
    return reply.kind
  }
}

/** By bucket, because a script works in one, and small, because others wait meanwhile. */
function chunks(waiters: readonly Waiter[]): Waiter[][] {
  const open = new Map<Bucket, Waiter[]>()
  const full: Waiter[][] = []
  for (const waiter of waiters) {
    const group = open.get(waiter.bucket) ?? []
    group.push(waiter)
    open.set(waiter.bucket, group)
    if (group.length === HEARTBEAT_WAITERS) {
      full.push(group)
      open.delete(waiter.bucket)
    }
  }
  return [...full, ...open.values()]
}
