import { randomToken } from '../../redis/random.js'
import type { RenewOutcome } from '../leases/outcomes.js'
import type { LeaseStore } from '../leases/store.js'
import { Hold, type HoldListener } from './hold.js'

/** One lease, carried by one stream. */
export interface Carried {
  readonly namespace: string
  readonly name: string
  readonly token: string
  /** Id of the stream. The lease records it, so a stream that is cut late ends nothing. */
  readonly hold: string
  readonly ttlMs: number
}

/** The leases that streams of this instance carry. */
export class Holds {
  readonly #leases: LeaseStore
  readonly #instance: string
  /** A token has two while its client moves from one stream to the next. */
  readonly #byToken = new Map<string, Set<Hold>>()

  constructor(leases: LeaseStore, instance: string) {
    this.#leases = leases
    this.#instance = instance
  }

  /** Begins with the instance, on whose channel scripts announce what happens to the lease. */
  newId(): string {
    return `${this.#instance}.${randomToken()}`
  }

  /** Moves an existing lease to a stream. */
  take({ namespace, name, token, ttlMs, hold }: Carried): Promise<RenewOutcome> {
    return this.#leases.renew(namespace, [name], token, ttlMs, { hold, takes: true })
  }

  open(carried: Carried, listener: HoldListener, expiresInMs: number): Hold {
    const { namespace, name, token, ttlMs, hold: id } = carried
    const keeper = {
      ttlMs,
      renew: () => this.#leases.renew(namespace, [name], token, ttlMs, { hold: id }),
      drop: () => this.#leases.release(namespace, [name], token, id),
    }
    const hold = new Hold(keeper, listener, expiresInMs)
    const known = this.#byToken.get(token)
    if (known) known.add(hold)
    else this.#byToken.set(token, new Set([hold]))
    return hold
  }

  forget({ token }: Carried, hold: Hold): void {
    const known = this.#byToken.get(token)
    if (known?.delete(hold) && known.size === 0) this.#byToken.delete(token)
  }

  readonly announce = (token: string): void => {
    for (const hold of this.#byToken.get(token) ?? []) hold.wake()
  }
}
