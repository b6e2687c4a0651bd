import { Keeper, type Renew, type Term } from '../../src/keeper.js'
import { EXIT } from '../failures.js'
import { note } from '../output.js'
import { Service } from '../service.js'
import { sendSignal } from './command.js'
import { type Granted, HoldStream } from './hold-stream.js'
import { type FromHolder, monotonicMs, type Task } from './messages.js'
import { findOrphan } from './orphan.js'

/** KILL comes so much before the lease ends: timers of a busy machine are late. */
const MARGIN_MS = 200

const RELEASE_MS = 5_000

const MAX_HOLD_MS = 86_400_000

interface LeaseListener {
  lost(why: string): void
  asked(reason: string): void
}

/** Reports a loss also after the holder was asked to give way. */
class CommandLease extends Keeper {
  readonly #listener: LeaseListener

  constructor(granted: Term, renew: Renew, listener: LeaseListener) {
    super(granted, renew)
    this.#listener = listener
  }

  override lose(why: string, cause?: unknown): void {
    const isFirst = this.lost === undefined
    super.lose(why, cause)
    if (isFirst) this.#listener.lost(why)
  }

  override giveWay(reason: string): void {
    const isFirst = !this.signal.aborted
    super.giveWay(reason)
    if (isFirst) this.#listener.asked(reason)
  }
}

/** A command under a lock: it ends before the lease can, and the lock is freed when it has ended. */
export class HeldCommand {
  readonly #task: Task
  readonly #tell: (message: FromHolder) => void
  readonly #service: Service
  readonly #stream: HoldStream
  #fence = 0
  #lease: CommandLease | undefined
  #lostFor: string | undefined
  #target = 0
  #killing: ReturnType<typeof setTimeout> | undefined
  /** By what was answered, the lease does not end before. */
  #certainUntil = 0

  constructor(task: Task, tell: (message: FromHolder) => void) {
    this.#task = task
    this.#tell = tell
    const { address, name, ttlMs } = task
    this.#service = new Service({ ...address, attemptMs: ttlMs / 3 })
    this.#stream = new HoldStream(this.#service, name, ttlMs, {
      revokeRequested: (reason) => this.#lease?.giveWay(reason),
      lost: (reason) => this.#lease?.lose(reason),
    })
  }

  /** The target of signals, or 0 before the command has begun. */
  get target(): number {
    return this.#target
  }

  /**
   * Says that the command may begin, and keeps the lock until it is over.
   * @throws LockstepError when the lock is not granted
   * @throws LeaseLostError when it was granted too late to use
   */
  async keepUntil(over: Promise<unknown>): Promise<void> {
    const granted = await this.#stream.acquire(this.#terms())
    const lease = new CommandLease(this.#confirm(granted), this.#renewal(granted), {
      lost: (why) => this.#lost(why),
      asked: (reason) => this.#asked(reason),
    })
    this.#fence = granted.fence
    try {
      lease.throwIfLost()
      this.#lease = lease
      this.sayCertain()
      await over
    } finally {
      clearTimeout(this.#killing)
      lease.end()
      if (!lease.lost) await this.#release(granted)
      this.#stream.close()
    }
  }

  /** Says until when the command may begin, unless the lock is lost. */
  sayCertain(): void {
    const { leftMs = 0 } = this.#lease ?? {}
    if (leftMs <= 0) this.#lease?.lose('it may have ended')
    else this.#tell({ kind: 'certain', until: monotonicMs() + leftMs, fence: this.#fence })
  }

  /** The command has begun, perhaps while the lock was lost. */
  begin(target: number): void {
    this.#target = target
    if (this.#lostFor !== undefined) this.#lost(this.#lostFor)
    else if (this.#lease?.signal.aborted) sendSignal(target, 'SIGTERM')
  }

  /** Looks for a command whose beginning was not told. Answers whether there is one. */
  find(): boolean {
    const pid = this.#target === 0 && this.#fence !== 0 ? findOrphan(this.#fence) : 0
    if (pid !== 0) this.begin(this.#task.isOnTerminal ? pid : -pid)
    return this.#target !== 0
  }

  /** Ends the command. The lock is kept until it has ended. */
  stop(): void {
    this.#end(this.#task.graceMs)
  }

  /** Gives up a place in the queue. */
  giveUp(): void {
    if (!this.#lease) this.#stream.close()
  }

  #terms() {
    const { ttlMs, periodMs, waitMs, lockDelayMs, owner } = this.#task
    // Nine tenths: the next run is not skipped when its clock is a little early.
    const minHoldMs = periodMs * 0.9
    // A lease is at least as long as its minimal hold, and renewals never shorten it.
    const firstTtlMs = Math.max(ttlMs, minHoldMs)
    const terms = { minHoldMs, waitMs, lockDelayMs, maxHoldMs: MAX_HOLD_MS, owner }
    return { ttlMs: firstTtlMs, ...terms }
  }

  /** The term without the time that the command has to end in. */
  #confirm({ askedAt, expiresInMs }: Term): Term {
    this.#certainUntil = Math.max(this.#certainUntil, askedAt + expiresInMs)
    const graceMs = Math.min(this.#task.graceMs, expiresInMs / 3)
    return { askedAt, expiresInMs: expiresInMs - graceMs }
  }

  #renewal({ token }: Granted): Renew {
    const { name, ttlMs } = this.#task
    return async (options) => {
      const { locks } = this.#service.lockstep
      const askedAt = performance.now()
      const { expiresInMs, revoke } = await locks.renew(name, token, ttlMs, options)
      return { ...this.#confirm({ askedAt, expiresInMs }), revoke: revoke?.reason }
    }
  }

  #lost(why: string): void {
    this.#lostFor = why
    // Before there is a lease, `keepUntil` throws.
    if (!this.#lease) return
    if (this.#target === 0) {
      const text = `the lock was lost before the command began (${why})`
      this.#tell({ kind: 'refused', code: EXIT.unavailable, why: text })
      return
    }
    note(`the lock is lost (${why}); the command is asked to end`)
    const leftMs = this.#certainUntil - MARGIN_MS - performance.now()
    const { graceMs } = this.#task
    this.#end(leftMs > 0 ? Math.min(graceMs, leftMs) : graceMs)
  }

  #asked(reason: string): void {
    note(`asked to give way: ${reason}`)
    sendSignal(this.#target, 'SIGTERM')
  }

  /** TERM now, KILL after `graceMs`. */
  #end(graceMs: number): void {
    sendSignal(this.#target, 'SIGTERM')
    clearTimeout(this.#killing)
    this.#killing = setTimeout(() => sendSignal(this.#target, 'SIGKILL'), graceMs)
  }

  /** A lock that cannot be released is freed by the end of the stream. */
  async #release({ token }: Granted): Promise<void> {
    const { locks } = this.#service.lockstep
    const options = { timeoutMs: RELEASE_MS }
    await locks.release(this.#task.name, token, options).catch(() => undefined)
  }
}
