import type { components } from './api.js'
import type { Call } from './call.js'
import { Keeper, type Term } from './keeper.js'
import { under } from './scope.js'
import type { CallOptions } from './transport.js'
import { Watch } from './watch.js'

type Schemas = components['schemas']

/** One heartbeat for many leases, sent in the background until `end`. */
export class Session {
  readonly id: string
  /** The secret of the session. */
  readonly token: string
  readonly #call: Call
  readonly #keeper: Keeper
  readonly #watches = new Set<SessionWatch>()

  constructor(call: Call, opened: Schemas['OpenedSession'], askedAt: number) {
    this.id = opened.id
    this.token = opened.token
    this.#call = call
    this.#keeper = new Keeper({ ...opened, askedAt }, (options) => this.#keep(options))
    this.signal.addEventListener('abort', () => {
      for (const watch of this.#watches) watch.lose('the session', this.signal.reason)
    })
  }

  /** Aborted when the session is lost, and before it can end. */
  get signal(): AbortSignal {
    return this.#keeper.signal
  }

  /** @throws LeaseLostError; reads the clock */
  throwIfLost(): void {
    this.#keeper.throwIfLost()
  }

  /** What stops the work under a lease of this session, known by its names and their fences. */
  watch(fences: Readonly<Record<string, number>>): Watch {
    const watch = new SessionWatch(
      fences,
      () => this.throwIfLost(),
      () => this.#watches.delete(watch),
    )
    if (this.#keeper.lost) watch.lose('the session', this.#keeper.lost)
    this.#watches.add(watch)
    return watch
  }

  /** Ends all leases of the session, and stops the work under them. */
  async end(): Promise<void> {
    if (this.#keeper.lost) return
    this.#keeper.lose('this process ended it')
    // A session that cannot be ended ends by itself.
    await this.#call('endSession', { body: { token: this.token } }).catch(() => undefined)
  }

  /** Runs the work, then ends the session. */
  run<T>(work: (session: Session) => T | Promise<T>): Promise<T> {
    return under(
      this.#keeper,
      () => this.end(),
      () => work(this),
    )
  }

  async #keep(options: CallOptions): Promise<Term> {
    const { json, askedAt } = await this.#call(
      'keepSession',
      { body: { token: this.token } },
      options,
    )
    for (const ended of json.ended ?? [])
      for (const watch of this.#watchesOf(ended)) watch.lose(ended.how)
    for (const asked of json.revoke ?? [])
      for (const watch of this.#watchesOf(asked)) watch.giveWay(asked.reason)
    return { askedAt, expiresInMs: json.expiresInMs }
  }

  /** Several, if they share a reentrant lease. */
  #watchesOf({ name, fence }: { readonly name: string; readonly fence: number }): SessionWatch[] {
    return [...this.#watches].filter(({ fences }) => fences[name] === fence)
  }
}

class SessionWatch extends Watch {
  readonly fences: Readonly<Record<string, number>>
  readonly #throwIfOver: () => void
  readonly #forget: () => void

  constructor(
    fences: Readonly<Record<string, number>>,
    throwIfOver: () => void,
    forget: () => void,
  ) {
    super()
    this.fences = fences
    this.#throwIfOver = throwIfOver
    this.#forget = forget
  }

  override throwIfLost(): void {
    super.throwIfLost()
    this.#throwIfOver()
  }

  override end(): void {
    this.#forget()
  }
}

export class Sessions {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Opens a session, which is kept alive until its `end`. */
  async open(terms: Schemas['OpenSessionRequest'] = {}, options?: CallOptions): Promise<Session> {
    const { json, askedAt } = await this.#call('openSession', { body: terms }, options)
    return new Session(this.#call, json, askedAt)
  }

  /** Runs the work with a session, which ends with it. */
  async run<T>(
    terms: Schemas['OpenSessionRequest'],
    work: (session: Session) => T | Promise<T>,
  ): Promise<T> {
    return (await this.open(terms)).run(work)
  }
}
