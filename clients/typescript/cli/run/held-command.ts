import { Keeper, type Renew, type Term } from '../../src/keeper.js'
import { note } from '../output.js'
import { Service } from '../service.js'
import { RunningCommand } from './command.js'
import { type Granted, HoldStream } from './hold-stream.js'
import type { Ended, Task } from './messages.js'

/** KILL comes so much before the lease ends: timers of a busy machine are late. */
const MARGIN_MS = 200

const RELEASE_MS = 5_000

const MAX_HOLD_MS = 86_400_000

/** Reports a loss also after the holder was asked to give way. */
class CommandLease extends Keeper {
  readonly #onLost: (why: string) => void

  constructor(granted: Term, renew: Renew, onLost: (why: string) => void) {
    super(granted, renew)
    this.#onLost = onLost
  }

  override lose(why: string, cause?: unknown): void {
    const isFirst = this.lost === undefined
    super.lose(why, cause)
    if (isFirst) this.#onLost(why)
  }
}

/** A command under a lock: it ends before the lease can, and the lock is freed when it has ended. */
export class HeldCommand {
  readonly #task: Task
  readonly #service: Service
  readonly #stream: HoldStream
  #lease: CommandLease | undefined
  #command: RunningCommand | undefined
  /** By what was answered, the lease does not end before. */
  #certainUntil = 0

  constructor(task: Task) {
    this.#task = task
    const { address, name, ttlMs } = task
    this.#service = new Service({ ...address, attemptMs: ttlMs / 3 })
    this.#stream = new HoldStream(this.#service, name, ttlMs, {
      revokeRequested: (reason) => this.#giveWay(reason),
      lost: (reason) => this.#lease?.lose(reason),
    })
  }

  /**
   * @param onStart the command runs; signals go to this pid, or with a minus to this group
   * @throws LockstepError when the lock is not granted
   * @throws LeaseLostError when it was granted too late to use
   */
  async run(onStart: (target: number) => void): Promise<Ended> {
    const granted = await this.#stream.acquire(this.#terms())
    const lease = new CommandLease(this.#confirm(granted), this.#renewal(granted), (why) =>
      this.#lose(why),
    )
    this.#lease = lease
    try {
      lease.throwIfLost()
      this.#command = new RunningCommand(this.#task, granted.fence)
      onStart(this.#command.target)
      return await this.#command.ended
    } finally {
      lease.end()
      if (!lease.lost) await this.#release(granted)
      this.#stream.close()
    }
  }

  /** Passes a signal on; a place in the queue is given up. */
  signal(signal: NodeJS.Signals): void {
    if (this.#command) this.#command.signal(signal)
    else this.#stream.close()
  }

  /** Ends the command, or the wait for the lock. The lock is kept until the command has ended. */
  stop(): void {
    if (this.#command) this.#command.end(this.#task.graceMs)
    else this.#stream.close()
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
      const { expiresInMs } = await locks.renew(name, token, ttlMs, options)
      return this.#confirm({ askedAt, expiresInMs })
    }
  }

  #lose(why: string): void {
    if (!this.#command) return
    note(`the lock is lost (${why}); the command is asked to end`)
    const leftMs = this.#certainUntil - MARGIN_MS - performance.now()
    const { graceMs } = this.#task
    this.#command.end(leftMs > 0 ? Math.min(graceMs, leftMs) : graceMs)
  }

  #giveWay(reason: string): void {
    note(`asked to give way: ${reason}`)
    this.#command?.signal('SIGTERM')
  }

  /** A lock that cannot be released is freed by the end of the stream. */
  async #release({ token }: Granted): Promise<void> {
    const { locks } = this.#service.lockstep
    const options = { timeoutMs: RELEASE_MS }
    await locks.release(this.#task.name, token, options).catch(() => undefined)
  }
}
