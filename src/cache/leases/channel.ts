import type { PubSub } from '../../redis/pub-sub.js'
import type { SingleFlight } from './single-flight.js'

/**
 * The messages of one partition, while requests wait for keys in it. Each single flight serves the
 * requests for one key that accept the same freshness.
 */
export class Channel {
  /** Settles once messages arrive, as far as is known; with a function that ends the subscription. */
  readonly listens: Promise<(() => void) | undefined>
  /** By "space key", as messages name it, and then by the freshness that is accepted. */
  readonly #flights = new Map<string, Map<string, SingleFlight>>()

  constructor(pubSub: PubSub, name: string) {
    this.listens = pubSub
      .subscribe(name, (message) => this.#hear(message))
      // Without messages a single flight reads on its timer, which is later.
      .catch(() => undefined)
  }

  get isIdle(): boolean {
    return this.#flights.size === 0
  }

  find(name: string, accepts: string): SingleFlight | undefined {
    return this.#flights.get(name)?.get(accepts)
  }

  add(name: string, accepts: string, flight: SingleFlight): void {
    const group = this.#flights.get(name)
    if (group) group.set(accepts, flight)
    else this.#flights.set(name, new Map([[accepts, flight]]))
  }

  remove(name: string, accepts: string): void {
    const group = this.#flights.get(name)
    if (group?.delete(accepts) && group.size === 0) this.#flights.delete(name)
  }

  /** @param prefix of the names as messages spell them */
  *flights(prefix = ''): Generator<SingleFlight> {
    for (const [name, group] of this.#flights) if (name.startsWith(prefix)) yield* group.values()
  }

  /** See lib/messages.lua. A tag ends no lease, and no request waits for a value that it invalidates. */
  #hear(message: string): void {
    const [, , kind, space = '', ...key] = message.split(' ')
    if (kind === 'k' || kind === 'w') {
      const group = this.#flights.get(`${space} ${key.join(' ')}`)
      for (const flight of group?.values() ?? []) flight.refresh()
    } else if (kind === 'f' || kind === 'a') {
      for (const flight of this.flights(kind === 'f' ? `${space} ` : '')) flight.refresh()
    }
  }
}
