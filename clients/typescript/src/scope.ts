import type { JsonAnswer } from './call.js'
import { isProblem, LeaseLostError, LockstepError } from './errors.js'
import { Keeper, type Term } from './keeper.js'
import { retryAfterMs, sleep } from './repeats.js'
import type { Session } from './sessions.js'
import type { CallOptions } from './transport.js'
import type { Watch } from './watch.js'

/** Longest wait of one request: proxies between end longer ones. */
const PIECE_MS = 25_000

/** How long an acquire that was given up may take to be undone. */
export const UNDO_MS = 5_000

export interface Lease {
  readonly token: string
  readonly expiresInMs: number
  readonly name?: string
  readonly fence?: number
  readonly fences?: Readonly<Record<string, number>>
}

export interface Renewal {
  readonly expiresInMs: number
  readonly revoke?: { readonly reason: string }
}

/** The calls of one kind of lease. */
export interface Kind<L extends Lease, B> {
  acquire(
    body: B & { waitMs: number; sessionToken?: string },
    call: CallOptions,
  ): Promise<JsonAnswer<L>>
  renew(token: string, ttlMs: number | undefined, call?: CallOptions): Promise<JsonAnswer<Renewal>>
  release(token: string, call?: CallOptions): Promise<JsonAnswer<unknown>>
}

export interface WaitOptions extends CallOptions {
  /** How long to wait in the queue, as long as you like. Default 0. */
  readonly waitMs?: number
  /** The lease ends with this session, which renews it. */
  readonly session?: Session
}

export type Terms<B> = Omit<B, 'waitMs' | 'sessionToken' | 'names'> & WaitOptions

/** What the work gets: the lease, and what stops it. */
export type Held<L> = L & {
  /** Aborted when the lease is lost, and before it can end. */
  readonly signal: AbortSignal
  /** @throws LeaseLostError; reads the clock, so it is right after the process was stopped */
  readonly throwIfLost: () => void
}

export type Work<L, T> = (held: Held<L>) => T | Promise<T>

/**
 * Acquires, and waits in the queue in pieces under one key, which keeps the place. Undoes an acquire
 * that was given up without an answer.
 */
export async function acquire<L extends Lease, B extends object>(
  kind: Kind<L, B>,
  terms: Terms<B>,
): Promise<{ lease: L; askedAt: number }> {
  const { waitMs = 0, session, timeoutMs, signal, traceparent, ...rest } = terms
  const { idempotencyKey: ownKey, ...own } = rest
  const idempotencyKey = ownKey ?? crypto.randomUUID()
  const body = { ...own, ...(session && { sessionToken: session.token }) } as B
  const call = {
    idempotencyKey,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(signal && { signal }),
    ...(traceparent && { traceparent }),
  }
  const deadline = performance.now() + waitMs
  for (;;) {
    const piece = Math.ceil(Math.min(Math.max(0, deadline - performance.now()), PIECE_MS))
    try {
      const { json, askedAt } = await kind.acquire({ ...body, waitMs: piece }, call)
      return { lease: json, askedAt }
    } catch (error) {
      // A caller with a key of its own may repeat the call.
      if (!ownKey && mayBeGranted(error)) void undo(kind, body, idempotencyKey)
      const isTaken = isProblem(error, 'wait-timeout', 'lock-held', 'lock-delayed')
      const afterMs = isProblem(error, 'wait-timeout') ? 0 : retryAfterMs(error)
      if (!isTaken || performance.now() + afterMs >= deadline) throw error
      await sleep(afterMs, signal)
    }
  }
}

/** Of several attempts, the first may have been granted without an answer, whatever the last says. */
export const mayBeGranted = (error: unknown) =>
  !(error instanceof LockstepError) || error.problem.status >= 500

/** Releases what a request without an answer may have been granted. */
async function undo<L extends Lease, B>(kind: Kind<L, B>, body: B, idempotencyKey: string) {
  try {
    const once = { idempotencyKey, timeoutMs: UNDO_MS }
    const { json } = await kind.acquire({ ...body, waitMs: 0 }, once)
    await kind.release(json.token, { timeoutMs: UNDO_MS })
  } catch {
    // Not granted, or it ends by itself.
  }
}

/** Runs the work under a lease, which is kept alive until the work ends, and released then. */
export async function run<L extends Lease, B extends object, T>(
  kind: Kind<L, B>,
  terms: Terms<B> & { readonly ttlMs?: number },
  work: Work<L, T>,
): Promise<T> {
  const { lease, askedAt } = await acquire(kind, terms)
  const release = () => kind.release(lease.token, { timeoutMs: UNDO_MS })
  const watch = await watchOf(kind, lease, askedAt, terms).catch(async (error) => {
    await release().catch(() => undefined)
    throw error
  })
  return under(watch, release, () =>
    work({ ...lease, signal: watch.signal, throwIfLost: () => watch.throwIfLost() }),
  )
}

/** Ends with the error of the loss, if the lease was lost before the work ended. */
export async function under<T>(
  watch: Watch,
  release: () => Promise<unknown>,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    const result = await work()
    watch.throwIfLost()
    return result
  } catch (error) {
    throw watch.lost ? lossOf(watch.lost, error) : error
  } finally {
    watch.end()
    // A lease that cannot be released ends by itself.
    if (!watch.lost) await release().catch(() => undefined)
  }
}

/** Who handles an error of the work must not act as the holder. */
function lossOf(lost: LeaseLostError, error: unknown): LeaseLostError {
  // It was stopped, and has no error of its own.
  if (error === lost || (error instanceof Error && error.cause === lost)) return lost
  return new LeaseLostError(lost.message, lost.reason, error)
}

async function watchOf<L extends Lease, B>(
  kind: Kind<L, B>,
  lease: L,
  askedAt: number,
  { session, ttlMs }: { readonly session?: Session; readonly ttlMs?: number },
): Promise<Watch> {
  if (session) return session.watch(lease.fences ?? { [lease.name ?? '']: lease.fence ?? 0 })
  const renew = async (call?: CallOptions): Promise<Term> => {
    const { json, askedAt } = await kind.renew(lease.token, ttlMs, call)
    return { askedAt, expiresInMs: json.expiresInMs, revoke: json.revoke?.reason }
  }
  // The wait is over, but when it ended is unknown: the term is counted from a request without one.
  const isOld = performance.now() - askedAt > lease.expiresInMs / 3
  return new Keeper(isOld ? await renew() : { ...lease, askedAt }, renew)
}
