import type { components } from './api.js'
import type { Call, Input } from './call.js'
import { follow } from './events.js'
import { type HoldTerms, hold } from './hold.js'
import { acquire, type Kind, type Lease, run, type Terms, type Work } from './scope.js'
import type { CallOptions } from './transport.js'

type Schemas = components['schemas']

/** Leases of one kind: `at` is a name, or the names of a set. */
export class Leases<At, L extends Lease, B extends object> {
  readonly #kindOf: (at: At) => Kind<L, B>

  constructor(kindOf: (at: At) => Kind<L, B>) {
    this.#kindOf = kindOf
  }

  /** Runs the work under a lease that is kept alive, and released when the work ends. */
  run<T>(at: At, terms: Terms<B>, work: Work<L, T>): Promise<T> {
    return run(this.#kindOf(at), terms, work)
  }

  /** A lease that the caller renews and releases. */
  async acquire(at: At, terms: Terms<B> = {} as Terms<B>): Promise<L> {
    return (await acquire(this.#kindOf(at), terms)).lease
  }

  async renew(at: At, token: string, ttlMs?: number, options?: CallOptions) {
    return (await this.#kindOf(at).renew(token, ttlMs, options)).json
  }

  async release(at: At, token: string, options?: CallOptions): Promise<void> {
    await this.#kindOf(at).release(token, options)
  }
}

const renewal = (token: string, ttlMs: number | undefined) => ({
  token,
  ...(ttlMs !== undefined && { ttlMs }),
})

/** What happened to a lock. `watching` and `reset` have its state. */
export type LockEvent = Schemas['LockEvent']

export class Locks extends Leases<string, Schemas['Lease'], Schemas['AcquireLockRequest']> {
  readonly #call: Call

  constructor(call: Call) {
    super((name) => ({
      acquire: (body, options) => call('acquireLock', { path: { name }, body }, options),
      renew: (token, ttlMs, options) =>
        call('renewLock', { path: { name }, body: renewal(token, ttlMs) }, options),
      release: (token, options) =>
        call('releaseLock', { path: { name }, body: { token } }, options),
    }))
    this.#call = call
  }

  /** As `run`, but the service renews the lock while the connection is open. */
  hold<T>(name: string, terms: HoldTerms, work: Work<Schemas['Lease'], T>): Promise<T> {
    return hold(this.#call, name, terms, work)
  }

  /** What happens to the lock, until the signal aborts. */
  watch(name: string, options?: CallOptions): AsyncGenerator<LockEvent> {
    const events = follow(this.#call, 'watchLock', { path: { name } }, options)
    return events as AsyncGenerator<LockEvent>
  }
}

export const semaphoresOf = (call: Call) =>
  new Leases<string, Schemas['PermitLease'], Schemas['AcquirePermitsRequest']>((name) => ({
    acquire: (body, options) => call('acquirePermits', { path: { name }, body }, options),
    renew: (token, ttlMs, options) =>
      call('renewPermits', { path: { name }, body: renewal(token, ttlMs) }, options),
    release: (token, options) =>
      call('releasePermits', { path: { name }, body: { token } }, options),
  }))

type SetBody = Input<'acquireLockSet'>['body']

export const lockSetsOf = (call: Call) =>
  new Leases<string[], Schemas['LockSetLease'], Omit<SetBody, 'names'>>((names) => ({
    acquire: (body, options) => call('acquireLockSet', { body: { ...body, names } }, options),
    renew: (token, ttlMs, options) =>
      call('renewLockSet', { body: { ...renewal(token, ttlMs), names } }, options),
    release: (token, options) => call('releaseLockSet', { body: { token, names } }, options),
  }))
