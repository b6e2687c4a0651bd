import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { BUCKETS_KEY, WALKER_KEY } from '../keys.js'
import type { Bucket } from './sweeper.js'

export interface BucketRegistryOptions {
  /** For the few commands that belong to no bucket. */
  readonly client: () => Redis
  /** Removes a bucket from the list, unless it was registered since. */
  readonly forget: (member: string, score: number) => Promise<unknown>
  /** Ends what is due in a bucket; answers the milliseconds until its next deadline, 0 for none. */
  readonly sweep: (namespace: string, tag: string) => Promise<number>
  readonly instance: string
}

const MINUTE_MS = 60_000
/** Shorter than the interval, so that the same instance may walk again. */
const WALK_LEASE_MS = 55_000
const FLUSH_MS = 50
/** Arguments are passed on the stack: more than about 100,000 of them end the process. */
const MEMBERS_PER_COMMAND = 1_000
const PAGE = 100
const SWEEPS_AT_ONCE = 8
const PAUSE_MS = 10

/**
 * The buckets with a deadline that some instance knows, in a ZSET by the time at which another one
 * has to sweep them. A living instance sweeps before that; the walk finds the buckets of a dead one.
 * A bucket without deadlines is not listed.
 */
export class BucketRegistry {
  readonly #options: BucketRegistryOptions
  /** Members that were registered in this minute. */
  #registered = new Set<string>()
  #unsent: string[] = []
  readonly #flusher: NodeJS.Timeout
  readonly #walker: NodeJS.Timeout

  constructor(options: BucketRegistryOptions) {
    this.#options = options
    this.#flusher = setInterval(() => void this.#flush(), FLUSH_MS)
    this.#walker = setInterval(() => {
      this.#registered = new Set()
      void this.walk().catch(() => undefined)
    }, MINUTE_MS)
    this.#flusher.unref()
    this.#walker.unref()
  }

  /** Once a minute at most. */
  register({ namespace, tag }: Bucket): void {
    const member = `${namespace} ${tag}`
    if (this.#registered.has(member)) return
    this.#registered.add(member)
    this.#unsent.push(member)
  }

  /** Sweeps the buckets that are overdue, unless another instance walked within the minute. */
  async walk(): Promise<void> {
    const { client, instance } = this.#options
    const mine = await client().set(WALKER_KEY, instance, 'PX', WALK_LEASE_MS, 'NX')
    if (mine === null) return
    const startedAt = Date.now()
    while (Date.now() - startedAt < WALK_LEASE_MS) {
      const page = await client().zrangebyscore(
        BUCKETS_KEY,
        '-inf',
        startedAt,
        'WITHSCORES',
        'LIMIT',
        0,
        PAGE,
      )
      if (page.length === 0) return
      await this.#visitAll(page)
      await sleep(PAUSE_MS, undefined, { ref: false })
    }
  }

  /** Those with the earliest times, at most so many. */
  async list(max: number): Promise<Pick<Bucket, 'namespace' | 'tag'>[]> {
    const members = await this.#options.client().zrange(BUCKETS_KEY, 0, `${max - 1}`)
    return members.map((member) => fromMember(member))
  }

  close(): void {
    clearInterval(this.#flusher)
    clearInterval(this.#walker)
  }

  async #flush(): Promise<void> {
    while (this.#unsent.length > 0) {
      const members = this.#unsent.splice(0, MEMBERS_PER_COMMAND)
      const at = String(Date.now() + MINUTE_MS)
      const scored = members.flatMap((member) => [at, member])
      try {
        await this.#options.client().zadd(BUCKETS_KEY, ...scored)
      } catch {
        for (const member of members) this.#registered.delete(member)
      }
    }
  }

  async #visitAll(page: readonly string[]): Promise<void> {
    const left = Array.from({ length: page.length / 2 }, (_, i) => i * 2)
    const visitor = async () => {
      for (let i = left.pop(); i !== undefined; i = left.pop()) {
        await this.#visit(page[i] as string, Number(page[i + 1]))
      }
    }
    await Promise.all(Array.from({ length: SWEEPS_AT_ONCE }, visitor))
  }

  async #visit(member: string, score: number): Promise<void> {
    const { namespace, tag } = fromMember(member)
    // This instance knows its next deadline from now on, and this visit notes it on the list.
    this.#registered.add(member)
    // A bucket that cannot be reached now is swept a minute later.
    const nextMs = await this.#options.sweep(namespace, tag).catch(() => MINUTE_MS)
    if (nextMs === 0) await this.#options.forget(member, score)
    else {
      const at = Date.now() + Math.max(nextMs, MINUTE_MS)
      await this.#options.client().zadd(BUCKETS_KEY, 'XX', at, member)
    }
  }
}

function fromMember(member: string): Pick<Bucket, 'namespace' | 'tag'> {
  const [namespace = '', tag = ''] = member.split(' ')
  return { namespace, tag }
}
