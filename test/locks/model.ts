/**
 * A model of locks in memory. Its only clock is moved by hand; it has no messages and no
 * instances. The test compares the service with it step by step.
 */

export interface Wanted {
  readonly names: readonly string[]
  readonly mode: 'exclusive' | 'shared'
  /** Permits of a semaphore, and the capacity that its caller expects; undefined for a lock. */
  readonly permits?: number | undefined
  readonly capacity?: number | undefined
  readonly owner?: string | undefined
  readonly reentrant: boolean
  readonly ttl: number
  readonly priority: number
  readonly minHold: number
  readonly maxHold?: number | undefined
  readonly lockDelay: number
  readonly wait: boolean
  readonly keyed: boolean
  /** A lease of a session has no deadline of its own; without a session, this has no effect. */
  readonly endless: boolean
}

export interface Session {
  readonly ttl: number
  end: number
  /** A call ended it; its TTL may not be over. */
  ended: boolean
}

/** One request, from its first attempt to the end of its lease. */
export interface Attempt {
  readonly id: number
  readonly wanted: Wanted
  readonly session: Session | undefined
  /** Until when the place of a disconnected client is kept. */
  kept: number | undefined
  /** When the wait ends of a request whose instance died; the request gets no answer. */
  goneAt: number | undefined
}

interface Lease {
  readonly attempt: Attempt
  /** The tokens of one lease share it: the id of the first attempt. */
  readonly group: number
  readonly mode: 'exclusive' | 'shared'
  readonly weight: number
  readonly since: number
  /** The latest end that a renewal can set. */
  readonly last: number
  end: number
  released: boolean
}

export type Reply =
  | { readonly kind: 'granted'; readonly holdCount: number; readonly mode: string }
  | { readonly kind: string }

const ALL = 1_000_000
const KEEP = 10

class ModelLock {
  kind: 'lock' | 'semaphore' | undefined
  capacity = ALL
  stored: number | undefined
  leases: Lease[] = []
  queue: Attempt[] = []
  delayEnds = 0
  ended: { id: number; how: string }[] = []

  used(): number {
    const groups = new Map(this.leases.map(({ group, weight }) => [group, weight]))
    return [...groups.values()].reduce((sum, weight) => sum + weight, 0)
  }

  owned({ owner, mode, reentrant }: Wanted): Lease | undefined {
    if (!reentrant) return undefined
    const lease = this.leases.find(
      ({ attempt: { wanted }, released }) =>
        wanted.reentrant && wanted.owner === owner && !released,
    )
    return lease && !(lease.mode === 'shared' && mode !== 'shared') ? lease : undefined
  }

  weight({ permits, mode }: Wanted): number {
    return permits ?? (mode === 'shared' ? 1 : ALL)
  }

  remember(id: number, how: string): void {
    this.ended.unshift({ id, how })
  }
}

export class LockModel {
  now = 0
  readonly locks: ReadonlyMap<string, ModelLock>
  /** Answers to waiters, in the order of their grants; the test removes them. */
  answers: { attempt: Attempt; kind: 'granted' | 'unsatisfiable' | 'session-ended' }[] = []
  /** Idempotency records: attempts with a key, by their id. */
  readonly #records = new Map<number, Attempt>()

  constructor(names: readonly string[]) {
    this.locks = new Map(names.map((name) => [name, new ModelLock()]))
  }

  acquire(attempt: Attempt): Reply {
    const { wanted } = attempt
    this.#pump()
    const locks = this.#locksOf(attempt)
    const refusal = this.#refuse(locks, wanted)
    if (refusal) return { kind: refusal }
    if (attempt.session && this.#isOver(attempt.session)) return { kind: 'session-ended' }
    const [first] = locks as [ModelLock]
    const owned = wanted.reentrant ? first.leases.find((one) => isOwned(one, wanted)) : undefined
    if (owned) {
      if (owned.mode === 'shared' && wanted.mode !== 'shared') return { kind: 'mode-mismatch' }
      this.#grant(first, attempt)
    } else {
      const blocked = locks.find((lock) => isBehind(lock, wanted) || !this.#fits(lock, wanted))
      if (blocked && !wanted.wait) {
        const delayed = blocked.leases.length === 0 && blocked.queue.length === 0
        return { kind: delayed ? 'delayed' : 'held' }
      }
      if (wanted.keyed) this.#records.set(attempt.id, attempt)
      if (blocked) {
        for (const lock of locks) enqueue(lock, attempt)
        return { kind: 'queued' }
      }
      for (const lock of locks) this.#grant(lock, attempt)
    }
    if (wanted.keyed) this.#records.set(attempt.id, attempt)
    return this.#granted(attempt)
  }

  /** Repeats a request under its key; undefined if its idempotency record is gone. */
  repeat(attempt: Attempt): Reply | undefined {
    this.#pump()
    if (!this.#records.has(attempt.id)) return undefined
    const locks = this.#locksOf(attempt)
    if (locks.every((lock) => find(lock, attempt))) {
      return this.#granted(attempt)
    }
    attempt.goneAt = undefined
    if (locks[0]?.queue.includes(attempt)) return { kind: 'queued' }
    if (attempt.kept === undefined) return { kind: 'ended' }
    return this.#putBack(attempt)
  }

  renew(attempt: Attempt, ttl: number): Reply & { readonly left?: number } {
    this.#pump()
    const locks = this.#locksOf(attempt)
    if (!locks.every((lock) => isHeld(lock, attempt))) return { kind: this.#lost(attempt) }
    const ends = locks.map((lock) => {
      const lease = find(lock, attempt) as Lease
      lease.end = Math.max(lease.end, Math.min(this.now + ttl, lease.last))
      return endOf(lease)
    })
    return { kind: 'renewed', left: Math.min(...ends) - this.now }
  }

  release(attempt: Attempt): Reply {
    this.#pump()
    const locks = this.#locksOf(attempt)
    const lost = locks.some((lock) => !isHeld(lock, attempt))
    // The answer says how the lease was lost, read after the release of the others.
    for (const lock of locks.filter((one) => isHeld(one, attempt))) {
      this.#giveBack(lock, find(lock, attempt) as Lease)
    }
    this.#pump()
    return { kind: lost ? this.#lost(attempt) : 'released' }
  }

  /** Sends a request whose instance dies once it is queued. */
  orphan(attempt: Attempt, wait: number): Reply {
    const reply = this.acquire(attempt)
    if (reply.kind === 'queued') attempt.goneAt = this.now + wait
    this.#pump()
    return reply
  }

  /** Number of waiters whose wait is not over. */
  queueLength(name: string): number {
    const queue = this.locks.get(name)?.queue ?? []
    return queue.filter(({ goneAt = Number.POSITIVE_INFINITY }) => goneAt > this.now).length
  }

  /** The client disconnects while its request waits. */
  leave(attempt: Attempt): void {
    this.#setAside(attempt)
    this.#pump()
  }

  /** Takes the request out of every queue; with a key, keeps its place for a repeat. */
  #setAside(attempt: Attempt): void {
    this.#leaveQueues(attempt)
    if (attempt.wanted.keyed) attempt.kept = this.now + KEEP
    else this.#records.delete(attempt.id)
  }

  #putBack(attempt: Attempt): Reply | undefined {
    if ((attempt.kept as number) <= this.now) {
      this.#records.delete(attempt.id)
      return undefined
    }
    const locks = this.#locksOf(attempt)
    const refusal = this.#refuse(locks, attempt.wanted)
    if (refusal) return { kind: refusal }
    if (attempt.session && this.#isOver(attempt.session)) return { kind: 'session-ended' }
    attempt.kept = undefined
    for (const lock of locks) enqueue(lock, attempt)
    this.#pump()
    if (!locks[0]?.queue.includes(attempt)) {
      this.answers = this.answers.filter((answer) => answer.attempt !== attempt)
      return this.#granted(attempt)
    }
    return { kind: 'queued' }
  }

  openSession(ttl: number): Session {
    return { ttl, end: this.now + ttl, ended: false }
  }

  keepSession(session: Session): boolean {
    if (this.#isOver(session)) return false
    session.end = this.now + session.ttl
    return true
  }

  endSession(session: Session): 'ended' | 'replayed' | 'session-ended' {
    this.#pump()
    if (session.ended) return 'replayed'
    if (this.#isOver(session)) return 'session-ended'
    Object.assign(session, { ended: true, end: this.now })
    for (const lock of this.locks.values()) {
      const leases = lock.leases.filter(({ attempt }) => attempt.session === session)
      for (const lease of leases.filter(({ released }) => !released)) this.#giveBack(lock, lease)
    }
    this.#pump()
    return 'ended'
  }

  revoke(name: string): Reply {
    this.#pump()
    const lock = this.locks.get(name) as ModelLock
    for (const lease of [...lock.leases]) {
      if (lease.released) remove(lock, lease)
      else this.#end(lock, lease, 'revoked', this.now)
    }
    this.#pump()
    return { kind: 'revoked' }
  }

  /** @param capacity 0 removes the stored one */
  resize(name: string, capacity: number): Reply {
    this.#pump()
    const lock = this.locks.get(name) as ModelLock
    const before = lock.stored
    if (capacity === 0) {
      lock.stored = undefined
      return { kind: before === undefined ? 'missing' : 'removed' }
    }
    if (this.#kindOf(lock) === 'lock') return { kind: 'mode-mismatch' }
    lock.stored = capacity
    if (this.#kindOf(lock)) {
      lock.capacity = capacity
      for (const attempt of lock.queue.filter(({ wanted }) => (wanted.permits ?? 0) > capacity)) {
        this.#dismiss(attempt)
        if (attempt.goneAt === undefined) this.answers.push({ attempt, kind: 'unsatisfiable' })
      }
    }
    this.#pump()
    if (before === undefined) return { kind: 'created' }
    return { kind: before === capacity ? 'unchanged' : 'replaced' }
  }

  /**
   * The clock steps back just after every lock was written, so no lock deadline is later than before.
   * Two things last longer: a session, which only its keepalive writes, and a place without a client,
   * which may be over while it is behind another one.
   */
  stepBack(seconds: number, sessions: Iterable<Session>, attempts: Iterable<Attempt>): void {
    for (const session of sessions) {
      if (this.#isOver(session)) continue
      session.end = Math.min(session.end + seconds, this.now + session.ttl)
    }
    for (const attempt of attempts) {
      if (attempt.kept !== undefined && attempt.kept > this.now) attempt.kept += seconds
      if (attempt.goneAt !== undefined) attempt.goneAt += seconds
    }
  }

  advance(seconds: number): void {
    this.now += seconds
    this.#pump()
  }

  #isOver(session: Session): boolean {
    return session.ended || session.end <= this.now
  }

  #giveBack(lock: ModelLock, lease: Lease): void {
    const freeAt = lease.since + lease.attempt.wanted.minHold
    lock.remember(lease.attempt.id, 'released')
    if (freeAt <= this.now) remove(lock, lease)
    else Object.assign(lease, { released: true, end: freeAt })
  }

  #locksOf({ wanted }: Attempt): ModelLock[] {
    return wanted.names.map((name) => this.locks.get(name) as ModelLock)
  }

  /** A lock without leases, waiters or lock delay may become another kind. */
  #kindOf(lock: ModelLock): ModelLock['kind'] {
    return lock.leases.length > 0 || lock.queue.length > 0 || lock.delayEnds > this.now
      ? lock.kind
      : undefined
  }

  #refuse(locks: readonly ModelLock[], { permits, capacity }: Wanted): string | undefined {
    const kind = permits === undefined ? 'lock' : 'semaphore'
    if (locks.some((lock) => (this.#kindOf(lock) ?? kind) !== kind)) return 'mode-mismatch'
    const [lock] = locks as [ModelLock]
    if (permits !== undefined) {
      const known = lock.stored ?? (this.#kindOf(lock) && lock.capacity)
      if (lock.stored === undefined && (known ?? capacity) !== capacity) return 'capacity-mismatch'
      if (permits > (known ?? (capacity as number))) return 'unsatisfiable'
      lock.capacity = known ?? (capacity as number)
    } else for (const one of locks) one.capacity = ALL
    for (const one of locks) one.kind = kind
    return undefined
  }

  #fits(lock: ModelLock, wanted: Wanted): boolean {
    return lock.delayEnds <= this.now && lock.used() + lock.weight(wanted) <= lock.capacity
  }

  #granted(attempt: Attempt): Reply {
    const [lock] = this.#locksOf(attempt) as [ModelLock]
    const { group, mode } = find(lock, attempt) as Lease
    const holdCount = lock.leases.filter((lease) => lease.group === group).length
    return { kind: 'granted', holdCount, mode }
  }

  #grant(lock: ModelLock, attempt: Attempt): void {
    const { wanted } = attempt
    const joined = lock.owned(wanted)
    const last = Math.min(
      this.now + (wanted.maxHold ?? Number.POSITIVE_INFINITY),
      joined?.last ?? Number.POSITIVE_INFINITY,
    )
    const lease: Lease = {
      attempt,
      group: joined?.group ?? attempt.id,
      mode: joined?.mode ?? wanted.mode,
      weight: joined?.weight ?? lock.weight(wanted),
      since: this.now,
      last,
      end: Math.min(this.now + ttlOf(attempt), last),
      released: false,
    }
    lock.leases.push(lease)
  }

  #lost(attempt: Attempt): string {
    const ends = this.#locksOf(attempt).flatMap(({ ended }) => {
      const end = ended.find(({ id }) => id === attempt.id)
      return end ? [end.how] : []
    })
    return ends[0] ?? 'not-owner'
  }

  #end(lock: ModelLock, lease: Lease, how: string, at: number): void {
    remove(lock, lease)
    lock.remember(lease.attempt.id, how)
    const last = !lock.leases.some(({ group }) => group === lease.group)
    const { lockDelay } = lease.attempt.wanted
    if (last && lockDelay > 0) lock.delayEnds = Math.max(lock.delayEnds, at + lockDelay)
  }

  #reap(lock: ModelLock): void {
    const over = lock.leases.filter((lease) => endOf(lease) <= this.now)
    for (const lease of over.sort((a, b) => endOf(a) - endOf(b))) {
      if (lease.released) remove(lock, lease)
      else this.#end(lock, lease, 'expired', endOf(lease))
    }
  }

  #dismiss(attempt: Attempt): void {
    this.#leaveQueues(attempt)
    this.#records.delete(attempt.id)
  }

  #leaveQueues(attempt: Attempt): void {
    for (const lock of this.#locksOf(attempt)) {
      lock.queue = lock.queue.filter((one) => one !== attempt)
    }
  }

  /** Ends what is over and grants from the heads of the queues, until nothing changes. */
  #pump(): void {
    for (const lock of this.locks.values()) this.#reap(lock)
    for (const lock of this.locks.values()) this.#sendAway(lock)
    const moves = () => [...this.locks.values()].some((lock) => this.#move(lock))
    while (moves());
  }

  /** Removes the waiters whose session is over. */
  #sendAway(lock: ModelLock): void {
    for (const attempt of lock.queue) {
      if (!attempt.session || !this.#isOver(attempt.session)) continue
      this.#dismiss(attempt)
      this.answers.push({ attempt, kind: 'session-ended' })
    }
  }

  #move(lock: ModelLock): boolean {
    const [head] = lock.queue
    if (!head) return false
    const locks = this.#locksOf(head)
    if (head.goneAt !== undefined) {
      this.#setAside(head)
      return true
    }
    const ready = locks.every(
      (one) =>
        one.queue[0] === head &&
        (this.#fits(one, head.wanted) || one.owned(head.wanted) !== undefined),
    )
    if (!ready) return false
    for (const one of locks) {
      one.queue.shift()
      this.#grant(one, head)
    }
    this.answers.push({ attempt: head, kind: 'granted' })
    return true
  }
}

const ttlOf = ({ wanted, session }: Attempt): number =>
  wanted.endless && session ? Number.POSITIVE_INFINITY : wanted.ttl

const endOf = ({ attempt, end, released }: Lease): number =>
  released ? end : Math.min(end, attempt.session?.end ?? Number.POSITIVE_INFINITY)

const isOwned = ({ attempt, released }: Lease, { owner }: Wanted): boolean =>
  attempt.wanted.reentrant && attempt.wanted.owner === owner && !released

const find = (lock: ModelLock, attempt: Attempt): Lease | undefined =>
  lock.leases.find((lease) => lease.attempt === attempt && !lease.released)

const isHeld = (lock: ModelLock, attempt: Attempt): boolean => find(lock, attempt) !== undefined

function remove(lock: ModelLock, lease: Lease): void {
  lock.leases = lock.leases.filter((one) => one !== lease)
}

const isBehind = ({ queue }: ModelLock, { priority }: Wanted): boolean =>
  queue.some(({ wanted }) => wanted.priority >= priority)

/** Strictly first come, first served within a priority; a repeat gets its place again. */
function enqueue(lock: ModelLock, attempt: Attempt): void {
  const { priority } = attempt.wanted
  const at = lock.queue.findIndex(
    ({ wanted, id }) =>
      wanted.priority < priority || (wanted.priority === priority && id > attempt.id),
  )
  lock.queue.splice(at < 0 ? lock.queue.length : at, 0, attempt)
}
