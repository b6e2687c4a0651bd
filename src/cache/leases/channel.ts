import type { Signals } from '../../redis/signals.js'
import type { Crowd } from './crowd.js'

/**
 * A partition whose messages are heard because somebody waits for a key in it.
 * Each crowd waits for one key, and accepts the same of it.
 */
export class Channel {
  /** Settles once messages arrive, as far as is known; with a function that ends that. */
  readonly listens: Promise<(() => void) | undefined>
  /** By "space key", as messages name it, and then by what is accepted. */
  readonly #crowds = new Map<string, Map<string, Crowd>>()

  constructor(signals: Signals, name: string) {
    this.listens = signals
      .subscribe(name, (message) => this.#hear(message))
      // Without messages a crowd finds out by itself, later.
      .catch(() => undefined)
  }

  get isIdle(): boolean {
    return this.#crowds.size === 0
  }

  find(name: string, accepts: string): Crowd | undefined {
    return this.#crowds.get(name)?.get(accepts)
  }

  add(name: string, accepts: string, crowd: Crowd): void {
    const group = this.#crowds.get(name)
    if (group) group.set(accepts, crowd)
    else this.#crowds.set(name, new Map([[accepts, crowd]]))
  }

  remove(name: string, accepts: string): void {
    const group = this.#crowds.get(name)
    if (group?.delete(accepts) && group.size === 0) this.#crowds.delete(name)
  }

  /** @param prefix of the names as messages spell them */
  *crowds(prefix = ''): Generator<Crowd> {
    for (const [name, group] of this.#crowds) if (name.startsWith(prefix)) yield* group.values()
  }

  /** See lib/messages.lua. A tag ends no lease, and nobody waits for what it invalidates. */
  #hear(message: string): void {
    const [, , kind, space = '', ...key] = message.split(' ')
    if (kind === 'k' || kind === 'w') {
      const group = this.#crowds.get(`${space} ${key.join(' ')}`)
      for (const crowd of group?.values() ?? []) crowd.look()
    } else if (kind === 'f' || kind === 'a') {
      for (const crowd of this.crowds(kind === 'f' ? `${space} ` : '')) crowd.look()
    }
  }
}
