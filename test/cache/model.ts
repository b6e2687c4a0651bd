/**
 * What the cache does with one key, in memory and in plain words: marks, leases and freshness under
 * one clock that is moved by hand. Redis, HTTP and instances do not occur. Tests compare the
 * service with it step by step.
 *
 * `clk` orders what happens; `now` measures how long things last.
 */

export interface Life {
  /** Fresh for, then stale for; or, after a failed load, for `error` instead. */
  readonly ttl: number
  readonly stale: number
  readonly error: number
}

export interface Filled extends Life {
  /** Undefined: the key is known to have none. */
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
  /** clk at which its load began: what is invalidated later than this is not in it. */
  readonly fence: number
  /** Of the grant that it filled. */
  readonly proof: string | undefined
  /** The fill as it was sent. */
  readonly said: string
  readonly created: boolean
  readonly loadTime: number
  freshUntil: number
  staleUntil: number
  errorUntil: number
  /** Since when no load succeeded, if one failed or its lease ran out. */
  opensAt: number | undefined
}

interface Lease {
  readonly epoch: number
  readonly clk: number
  readonly grantedAt: number
  /** Undefined: no caller may load, because the last load failed. */
  readonly token: string | undefined
  /** Distinguishes the grants of one token; the service makes it, so the test says it. */
  readonly proof: string | undefined
  ends: number
  softenedAt: number | undefined
}

export type State = 'miss' | 'fresh' | 'stale' | 'negative'

export interface Seen {
  readonly state: State
  readonly value: string | undefined
  readonly lease: 'none' | 'won' | 'held' | 'backoff'
  /** Of the grant, for its winner. */
  readonly proof?: string | undefined
}

export type WriteOutcome = 'created' | 'replaced' | 'lease-lost' | 'conflict'

/** '' is the whole space. */
export type Name = string

export class KeyModel {
  now = 0
  #clk = 1
  /** Changes when the clock is lost: nothing that was stamped before counts any more. */
  #epoch = 0
  /** Every one, in their order: the first after a load counts. */
  readonly #soft = new Map<Name, Mark[]>()
  /** The last one of each name. */
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
   * @param proof what a new grant is called
   * @param early how many load times before its end a fresh value is refreshed
   */
  ask(token: string, lasts: number, proof: string | undefined, early = 0): Seen {
    const seen = this.read()
    const lease = this.#grant(seen.state, token, lasts, proof, early)
    return { ...seen, lease, proof: lease === 'won' ? this.#lease?.proof : undefined }
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
    // Another may take over what ran out.
    const lease = known && known.ends > this.now ? known : undefined
    if (lease?.token === token) return 'won'
    if (state === 'fresh' && !this.#isDueEarly(early)) return 'none'
    // After a soft invalidation the load under way brings something stale: another may begin.
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
    return 'won'
  }

  put(filled: Filled): WriteOutcome {
    return this.#store(filled, undefined)
  }

  fill(proof: string, filled: Filled): WriteOutcome {
    // The same fill again repeats its answer, and changes nothing; no other may follow it.
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
    // A negative entry has no window beyond its time.
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
    // Stale from the start, in a space that serves nothing stale.
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

  /** @param backoff the load failed: no caller may load for so long; 0 for no back-off. */
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

  /** A hard invalidation of the key alone: nothing is left, and no load under way may fill it. */
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

  /** The lease runs out now. */
  runOut(): void {
    if (this.#lease) this.#lease.ends = this.now
  }

  loseClock(): void {
    this.#epoch += 1
    this.#soft.clear()
    this.#hard.clear()
  }

  /** What ran out stays its holder's; a back-off ends. */
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
    // That there is no value is known, or it is not.
    if (entry.value === undefined) return miss
    return this.now < servedUntil ? { state: 'stale', freshUntil } : miss
  }

  /** Stale since the first soft mark that the load began before; later ones change nothing. */
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

  /** When the load that begins, goes on or ends here will have failed; only a value ends that. */
  #openAt(at: number | undefined): void {
    if (this.#entry && !this.#isFailing(this.#entry)) this.#entry.opensAt = at
  }

  #isDueEarly(early: number): boolean {
    const { freshUntil } = this.#judge()
    const load = this.#entry?.loadTime ?? 0
    return early > 0 && load > 0 && this.now + load * early >= freshUntil
  }
}
