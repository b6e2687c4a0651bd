import type { LeaseRequest } from '../leases/acquire.js'
import type { GrantReply } from '../leases/scripts.js'
import type { RestoreRefusal } from './scripts.js'

/** Why a waiter wakes up. */
export type Wake = 'announced' | 'handed' | 'deadline' | 'gone' | 'draining' | RestoreRefusal

/** A request in a queue whose client listens here. */
export class Waiter {
  readonly request: LeaseRequest
  readonly startedAt = performance.now()
  token: string
  attach = 1
  /** Its place in the order of the queue. */
  ticket = 0
  deadlineAt = Number.POSITIVE_INFINITY
  /**
   * In the queue as far as this instance knows; false before the first answer and after the last.
   * Redis is asked to restore it only while this is true: nobody would claim the grant.
   */
  queued = false
  /** The lease that came with the answer to a release of this instance, sent at `sentAt`. */
  handed: { readonly grant: GrantReply; readonly sentAt: number } | undefined
  /** Settles when a restore under way has ended; never rejects. */
  restoring: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #woken: Wake[] = []
  #resolve: ((why: Wake) => void) | undefined

  constructor(request: LeaseRequest, token: string) {
    this.request = request
    this.token = token
  }

  get bucket() {
    return this.request.bucket
  }

  get keys() {
    return this.request.keys
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
    this.queued = false
    clearTimeout(this.#timer)
  }
}
