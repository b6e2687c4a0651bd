import type { Bucket } from '../buckets/sweeper.js'
import type { GrantReply } from '../leases/scripts.js'
import type { WaiterState } from './scripts.js'

/** Why a waiting request looks up. */
export type Wake =
  | 'announced'
  | 'handed'
  | 'deadline'
  | 'gone'
  | 'draining'
  | 'session-ended'
  | 'mode-mismatch'
  | 'unsatisfiable'
  | 'replaced'

/** A request that stands in a queue, as long as its client listens here. */
export class Waiter {
  readonly bucket: Bucket
  readonly keys: readonly string[]
  /** The options of its acquire, by which it is put back if Redis forgot it. */
  readonly record: string
  readonly startedAt = performance.now()
  token: string
  attach = 1
  /** Its place in the order of the queue. */
  ticket = 0
  deadlineAt = Number.POSITIVE_INFINITY
  /**
   * In the queue as far as this instance knows; false before the first answer and after the last.
   * What Redis misses is put back only while it is true: nobody would ever collect the grant.
   */
  stands = false
  /** The lease that came with the answer to a release made here, asked for at that moment. */
  handed: { readonly grant: GrantReply; readonly askedAt: number } | undefined
  /** While it is being put back; never fails. */
  restoring: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #woken: Wake[] = []
  #resolve: ((why: Wake) => void) | undefined

  constructor(bucket: Bucket, keys: readonly string[], token: string, record: string) {
    this.bucket = bucket
    this.keys = keys
    this.token = token
    this.record = record
  }

  wake(why: Wake): void {
    const resolve = this.#resolve
    if (!resolve) {
      if (!this.#woken.includes(why)) this.#woken.push(why)
      return
    }
    this.#resolve = undefined
    resolve(why)
  }

  next(): Promise<Wake> {
    const why = this.#woken.shift()
    if (why) return Promise.resolve(why)
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  waitFor(ms: number): void {
    clearTimeout(this.#timer)
    this.deadlineAt = performance.now() + ms
    this.#timer = setTimeout(() => this.wake('deadline'), ms)
  }

  stop(): void {
    this.stands = false
    clearTimeout(this.#timer)
  }
}

export interface WaitingOptions {
  /** Tells that this instance is alive, and asks what became of the waiters of one bucket. */
  readonly heartbeat: (waiters: readonly Waiter[]) => Promise<readonly WaiterState[]>
  /** Puts a waiter back; says why it has no place any more. */
  readonly restore: (waiter: Waiter) => Promise<Wake | undefined>
}

export interface WaitList {
  add(waiter: Waiter): void
  remove(waiter: Waiter): void
  /** Another token: the request turned out to be a repeat. */
  rename(waiter: Waiter, token: string): void
  announce(token: string): void
  /**
   * A waiter's lease has begun; false when nobody here waits for it any more.
   * @param askedAt when the release that made room was sent
   */
  handOver(grant: GrantReply, askedAt: number): boolean
  restore(waiter: Waiter): Promise<void>
  count(): number
  drain(): void
  close(): void
}

const HEARTBEAT_MS = 1_000
const HEARTBEAT_WAITERS = 100

/**
 * The requests that wait at this instance. A grant is announced by a message; whatever message is
 * lost, and whatever Redis forgot, the heartbeat of every second finds out.
 */
export function createWaitList({ heartbeat, restore }: WaitingOptions): WaitList {
  const byToken = new Map<string, Set<Waiter>>()

  const add = (waiter: Waiter) => {
    const known = byToken.get(waiter.token)
    if (known) known.add(waiter)
    else byToken.set(waiter.token, new Set([waiter]))
  }
  const remove = (waiter: Waiter) => {
    const known = byToken.get(waiter.token)
    if (known?.delete(waiter) && known.size === 0) byToken.delete(waiter.token)
  }
  const all = () => [...byToken.values()].flatMap((waiters) => [...waiters])

  async function putBack(waiter: Waiter): Promise<void> {
    if (!waiter.stands) return
    const restored = restore(waiter)
    waiter.restoring = restored.catch(() => undefined)
    const why = await restored
    if (why) waiter.wake(why)
  }

  async function sendHeartbeat(waiters: readonly Waiter[]): Promise<void> {
    const states = await heartbeat(waiters)
    for (const [i, waiter] of waiters.entries()) {
      if (states[i] === 'granted') waiter.wake('announced')
      else if (states[i] === 'missing') await putBack(waiter)
    }
  }

  const timer = setInterval(() => {
    for (const group of chunks(all().filter(({ stands }) => stands))) {
      sendHeartbeat(group).catch(() => undefined)
    }
  }, HEARTBEAT_MS)
  timer.unref()

  return {
    add,
    remove,
    rename(waiter, token) {
      remove(waiter)
      waiter.token = token
      add(waiter)
    },
    announce: (token) => {
      for (const waiter of byToken.get(token) ?? []) waiter.wake('announced')
    },
    handOver(grant, askedAt) {
      const known = byToken.get(grant.token)
      for (const waiter of known ?? []) {
        // The others that wait for it have it from Redis, so that it outlives this one.
        if (waiter.attach !== grant.attach) waiter.wake('announced')
        else {
          waiter.handed = { grant, askedAt }
          waiter.wake('handed')
        }
      }
      return known !== undefined
    },
    restore: putBack,
    count: () => byToken.size,
    drain: () => {
      for (const waiter of all()) waiter.wake('draining')
    },
    close: () => clearInterval(timer),
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
