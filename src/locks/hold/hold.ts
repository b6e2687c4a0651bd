import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '../../redis/errors.js'
import type { ReleaseOutcome, RenewOutcome, RevokeNotice } from '../leases/outcomes.js'

/** Why a stream lost its lease. */
export type Loss = 'expired' | 'released' | 'revoked' | 'not-owner' | 'store-unavailable'

export interface HoldListener {
  renewed(expiresInMs: number): void
  /** Somebody asks the holder to give way. */
  revokeRequested(request: RevokeNotice): void
  lost(reason: Loss): void
  /** The instance shuts down; the lease goes on, for a stream at another instance. */
  detached(expiresInMs: number): void
}

export interface Keeper {
  readonly ttlMs: number
  renew(): Promise<RenewOutcome>
  /** Ends the lease as a crash would: with its lock delay. */
  drop(): Promise<ReleaseOutcome>
}

/** So that two renewals may fail, and a proxy does not cut an idle stream. */
const RENEWALS_PER_TTL = 3
const MAX_INTERVAL_MS = 15_000
const MIN_RETRY_MS = 50
const RETRY_MS = 500
/** The holder hears of a loss at most this much before the lease can end. */
const MARGIN_MS = 250
const DETACH_MS = 1_000

/** A lease that is renewed here for as long as its client stays connected. */
export class Hold {
  readonly #keeper: Keeper
  readonly #listener: HoldListener
  /** The lease is certain until then, by the clock of this process. */
  #deadline = 0
  #timer: NodeJS.Timeout | undefined
  #guard: NodeJS.Timeout | undefined
  #over = false
  #renewing = false
  #again = false
  /** The last renewal had no answer. */
  #failing = false
  #asked: { readonly reason: string; readonly at: number } | undefined

  /** @param expiresInMs what is certain to be left of the lease now */
  constructor(keeper: Keeper, listener: HoldListener, expiresInMs: number) {
    this.#keeper = keeper
    this.#listener = listener
    this.#confirm(expiresInMs)
    this.#arm(this.#intervalMs)
  }

  /** Something happened to the lease: renews at once. */
  wake(): void {
    void this.#renew()
  }

  /** Releases the lease of a client that is gone; tries until the lease is over anyway. */
  async close(): Promise<ReleaseOutcome | undefined> {
    if (this.#over) return undefined
    this.#stop()
    do {
      try {
        return await this.#keeper.drop()
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        await sleep(RETRY_MS, undefined, { ref: false })
      }
    } while (performance.now() < this.#deadline)
    return undefined
  }

  /** Renews once more, so that the client has time to continue at another instance. */
  async detach(): Promise<void> {
    if (this.#over) return
    const renewed = this.#renew()
    await Promise.race([renewed, sleep(DETACH_MS, undefined, { ref: false })])
    if (this.#over) return
    this.#stop()
    this.#listener.detached(Math.max(0, Math.floor(this.#deadline - performance.now())))
  }

  get #intervalMs(): number {
    return Math.min(this.#keeper.ttlMs / RENEWALS_PER_TTL, MAX_INTERVAL_MS)
  }

  #stop(): void {
    this.#over = true
    clearTimeout(this.#timer)
    clearTimeout(this.#guard)
  }

  #lose(reason: Loss): void {
    if (this.#over) return
    this.#stop()
    this.#listener.lost(reason)
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#over) this.#timer = setTimeout(() => void this.#renew(), ms)
  }

  #confirm(expiresInMs: number): void {
    this.#deadline = performance.now() + expiresInMs
    clearTimeout(this.#guard)
    const margin = Math.min(MARGIN_MS, expiresInMs / 10)
    this.#guard = setTimeout(() => this.#outOfTime(), expiresInMs - margin)
  }

  #outOfTime(): void {
    this.#lose(this.#failing || this.#renewing ? 'store-unavailable' : 'expired')
  }

  async #renew(): Promise<void> {
    // The process was stopped for longer than the lease was certain: lost, even if Redis has it still.
    if (performance.now() >= this.#deadline) this.#outOfTime()
    this.#again = true
    if (this.#renewing || this.#over) return
    this.#renewing = true
    while (this.#again && !this.#over) {
      this.#again = false
      await this.#renewOnce()
    }
    this.#renewing = false
  }

  async #renewOnce(): Promise<void> {
    try {
      const outcome = await this.#keeper.renew()
      this.#failing = false
      if (this.#over) return
      if (outcome.kind !== 'renewed') return this.#lose(toLoss(outcome))
      this.#confirm(outcome.expiresInMs)
      this.#listener.renewed(outcome.expiresInMs)
      this.#notify(outcome.revoke)
      this.#arm(this.#intervalMs)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.#failing = true
      this.#arm(Math.max(MIN_RETRY_MS, Math.min(RETRY_MS, this.#keeper.ttlMs / 20)))
    }
  }

  /** Notifies once; again only if the reason changed or the deadline came nearer. */
  #notify(revoke: RevokeNotice | undefined): void {
    if (!revoke) return
    const at = performance.now() + (revoke.expiresInMs ?? Number.POSITIVE_INFINITY)
    const asked = this.#asked
    if (asked && asked.reason === revoke.reason && asked.at <= at + MARGIN_MS) return
    this.#asked = { reason: revoke.reason, at }
    this.#listener.revokeRequested(revoke)
  }
}

function toLoss(outcome: Exclude<RenewOutcome, { kind: 'renewed' }>): Loss {
  return outcome.kind === 'ended' ? outcome.how : 'not-owner'
}
