/**
 * A model of one cache key in memory: marks, leases and freshness under one clock that the test
 * moves. It has no Redis, HTTP or instances. Tests compare the service with it step by step.
 *
 * `clk` orders events; `now` measures durations.
 */

export interface Life {
  /** Fresh for `ttl`, then stale for `stale`; after a failed load, for `error` if that is longer. */
  readonly ttl: number
  readonly stale: number
  readonly error: number
}

export interface Filled extends Life {
  /** Undefined: the entry is negative, so the key has no value. */
  readonly value: string | undefined
  readonly tags: readonly string[]
}

interface Mark {
  readonly clk: number
  readonly at: number
}

interface Entry {
  readonly epoch: number
  readonly value: string | undefined
  readonly tags: readonly string[]
  /** clk at the start of its load; later invalidations apply to it. */
  readonly fence: number
  /** The proof of the grant whose fill stored it. */
  readonly proof: string | undefined
  /** The fill as it was sent, as JSON. */
  readonly said: string
  readonly created: boolean
  readonly loadTime: number
  freshUntil: number
  staleUntil: number
  errorUntil: number
  /** When loads began to fail: one failed, or its lease expired. Only a stored value clears it. */
  opensAt: number | undefined
}

interface Lease {
  readonly epoch: number
  readonly clk: number
  readonly grantedAt: number
  /** Undefined: no caller may load, because the last load failed. */
  readonly token: string | undefined
  /** Distinguishes the grants of one token. The service makes it, and the test passes it in. */
  readonly proof: string | undefined
  ends: number
  softenedAt: number | undefined
}

export type State = 'miss' | 'fresh' | 'stale' | 'negative'

export interface Seen {
  readonly state: State
  readonly value: string | undefined
  readonly lease: 'none' | 'granted' | 'held' | 'backoff' | 'pass'
  /** The proof of the grant, if this caller won the lease. */
  readonly proof?: string | undefined
}

export type WriteOutcome = 'created' | 'replaced' | 'lease-lost' | 'conflict'

/** A tag, or '' for the whole space. */
export type Name = string

export class KeyModel {
  now = 0
  #clk = 1
  /** Changes when the clock is lost; entries and leases of an older epoch are void. */
  #epoch = 0
  /** All soft marks of each name, oldest first: the first one after a load began counts. */
  readonly #soft = new Map<Name, Mark[]>()
  /** The last hard mark of each name. */
  readonly #hard = new Map<Name, Mark>()
  #entry: Entry | undefined
  #lease: Lease | undefined

  /** A read forgets a value that can never be served again. */
  read(): Seen {
    const { state } = this.#judge()
    if (this.#entry && this.#isDead(this.#entry)) this.#entry = undefined
    return { state, value: state === 'miss' ? undefined : this.#entry?.value, lease: 'none' }
  }

  /**
   * A read that offers to load.
   * @param proof the proof of a new grant
   * @param early how many load times before its end a fresh value is refreshed
   */
  ask(token: string, lasts: number, proof: string | undefined, early = 0): Seen {
    const seen = this.read()
    const lease = this.#grant(seen.state, token, lasts, proof, early)
    return { ...seen, lease, proof: lease === 'granted' ? this.#lease?.proof : undefined }
  }

  #grant(
    state: State,
    token: string,
    lasts: number,
    proof: string | undefined,
    early: number,
  ): Seen['lease'] {
    if (state === 'negative') return 'none'
    const known = this.#keptLease()
    // Another caller may take over an expired lease.
    const lease = known && known.ends > this.now ? known : undefined
    if (lease?.token === token) return 'granted'
    if (state === 'fresh' && !this.#isDueEarly(early)) return 'none'
    // After a soft invalidation the load under way brings a stale value, so another may begin.
    if (lease && lease.softenedAt === undefined) {
      if (state === 'fresh') return 'none'
      return lease.token === undefined ? 'backoff' : 'held'
    }
    this.#openAt(this.now + lasts)
    this.#lease = {
      epoch: this.#epoch,
      clk: this.#clk,
      grantedAt: this.now,
      token,
      proof,
      ends: this.now + lasts,
      softenedAt: undefined,
    }
    return 'granted'
  }

  put(filled: Filled): WriteOutcome {
    return this.#store(filled, undefined)
  }

  fill(proof: string, filled: Filled): WriteOutcome {
    // A repeat of the same fill gets its answer and changes nothing; a different fill conflicts.
    if (this.#entry?.proof === proof) {
      if (this.#entry.said !== JSON.stringify(filled)) return 'conflict'
      return this.#entry.created ? 'created' : 'replaced'
    }
    const lease = this.#keptLease()
    if (lease?.proof !== proof) return 'lease-lost'
    if (filled.tags.some((tag) => this.#isGone(tag, lease.clk))) {
      this.#lease = undefined
      return 'lease-lost'
    }
    return this.#store(filled, lease)
  }

  #store(filled: Filled, lease: Lease | undefined): WriteOutcome {
    const { value, tags, ttl } = filled
    // A negative entry is never served after its TTL.
    const { stale, error } = value === undefined ? { stale: 0, error: 0 } : filled
    const { state } = this.#judge()
    const created = state === 'miss' || state === 'negative'
    this.#clk += 1
    const freshUntil = Math.min(this.now + ttl, lease?.softenedAt ?? Number.POSITIVE_INFINITY)
    this.#entry = {
      epoch: this.#epoch,
      value,
      tags,
      fence: lease?.clk ?? this.#clk,
      proof: lease?.proof,
      said: JSON.stringify(filled),
      created,
      loadTime: lease ? this.now - lease.grantedAt : 0,
      freshUntil,
      staleUntil: freshUntil + stale,
      errorUntil: freshUntil + error,
      opensAt: undefined,
    }
    // A value whose time is over when it arrives is not kept.
    if (freshUntil + Math.max(stale, error) <= this.now) this.#entry = undefined
    this.#lease = undefined
    return created ? 'created' : 'replaced'
  }

  renew(proof: string, lasts: number): boolean {
    const lease = this.#keptLease()
    if (lease?.proof !== proof) return false
    lease.ends = this.now + lasts
    this.#openAt(lease.ends)
    return true
  }

  /** @param backoff how long no caller may load after a failed load; 0 for no back-off */
  cancel(proof: string, backoff: number): boolean {
    if (this.#keptLease()?.proof !== proof) return false
    this.#lease = undefined
    this.#openAt(backoff > 0 ? this.now : undefined)
    if (backoff > 0) {
      this.#lease = {
        epoch: this.#epoch,
        clk: this.#clk,
        grantedAt: this.now,
        token: undefined,
        proof: undefined,
        ends: this.now + backoff,
        softenedAt: undefined,
      }
    }
    return true
  }

  /** A hard invalidation of the key: removes its value, and voids the lease of a load under way. */
  remove(): void {
    this.#clk += 1
    this.#entry = undefined
    this.#lease = undefined
  }

  soften(): void {
    this.#clk += 1
    const entry = this.#entry
    if (entry && this.now < entry.freshUntil) {
      const moved = entry.freshUntil - this.now
      entry.staleUntil -= moved
      entry.errorUntil -= moved
      entry.freshUntil = this.now
    }
    const lease = this.#keptLease()
    if (lease?.token !== undefined) lease.softenedAt ??= this.now
  }

  mark(name: Name, mode: 'soft' | 'hard'): void {
    this.#clk += 1
    const mark = { clk: this.#clk, at: this.now }
    if (mode === 'hard') this.#hard.set(name, mark)
    else this.#soft.set(name, [...(this.#soft.get(name) ?? []), mark])
  }

  /** Expires the lease now. */
  runOut(): void {
    if (this.#lease) this.#lease.ends = this.now
  }

  loseClock(): void {
    this.#epoch += 1
    this.#soft.clear()
    this.#hard.clear()
  }

  /** An expired lease still belongs to its holder; an expired back-off is gone. */
  #keptLease(): Lease | undefined {
    const lease = this.#lease
    if (lease?.epoch !== this.#epoch) return undefined
    if (lease.token === undefined && lease.ends <= this.now) return undefined
    return this.#isGone('', lease.clk) ? undefined : lease
  }

  #isGone(name: Name, clk: number): boolean {
    return (this.#hard.get(name)?.clk ?? 0) > clk
  }

  #isDead({ epoch, tags, fence }: Entry): boolean {
    return epoch !== this.#epoch || ['', ...tags].some((name) => this.#isGone(name, fence))
  }

  #judge(): { state: State; freshUntil: number } {
    const entry = this.#entry
    const miss = { state: 'miss', freshUntil: 0 } as const
    if (!entry || this.#isDead(entry)) return miss
    const { freshUntil, servedUntil } = this.#softened(entry, ['', ...entry.tags])
    if (this.now < freshUntil) {
      return { state: entry.value === undefined ? 'negative' : 'fresh', freshUntil }
    }
    // A negative entry is a miss after its TTL, never stale.
    if (entry.value === undefined) return miss
    return this.now < servedUntil ? { state: 'stale', freshUntil } : miss
  }

  /** Stale since the first soft mark after its load began; later marks change nothing. */
  #softened(entry: Entry, names: readonly Name[]) {
    const { freshUntil, staleUntil, errorUntil, fence } = entry
    const servedUntil = this.#isFailing(entry) ? Math.max(staleUntil, errorUntil) : staleUntil
    const after = names.flatMap((name) => this.#soft.get(name) ?? [])
    const at = Math.min(...after.filter(({ clk }) => clk > fence).map((mark) => mark.at))
    if (at >= freshUntil) return { freshUntil, servedUntil }
    return { freshUntil: at, servedUntil: at + servedUntil - freshUntil }
  }

  #isFailing({ opensAt }: Entry): boolean {
    return opensAt !== undefined && opensAt <= this.now
  }

  /** Sets when loads fail from, unless they fail already; only a stored value clears that. */
  #openAt(at: number | undefined): void {
    if (this.#entry && !this.#isFailing(this.#entry)) this.#entry.opensAt = at
  }

  #isDueEarly(early: number): boolean {
    const { freshUntil } = this.#judge()
    const load = this.#entry?.loadTime ?? 0
    return early > 0 && load > 0 && this.now + load * early >= freshUntil
  }
}
