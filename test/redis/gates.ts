import type { Binder } from '../../src/redis/binder.js'
import { StoreError } from '../../src/redis/errors.js'
import type { Listener, PubSub } from '../../src/redis/pub-sub.js'

/** A call of an instance that the test runs, answers, or lets fail. */
export interface GatedCall {
  readonly hasRun: boolean
  run(): Promise<void>
  /** Gives the instance the reply. */
  answer(): void
  /** Redis refused it, or, once it ran, its reply was lost. */
  fail(): void
}

/** What one instance sends to Redis, and the messages to it, each held until the test lets it pass. */
export class Gates {
  readonly calls: GatedCall[] = []
  readonly messages: string[] = []
  channel = ''
  #listener: Listener = () => undefined
  readonly binder: Binder
  readonly pubSub: PubSub
  /** Settles when Redis has confirmed the subscription, to a function that ends it. */
  subscribed: Promise<() => void> = Promise.resolve(() => undefined)

  constructor(binder: Binder, pubSub: PubSub) {
    this.binder = {
      bind: (script) => {
        const run = binder.bind(script)
        return (keys, args) => this.hold(() => run(keys, args))
      },
      bindGet: (name) => binder.bindGet(name),
    }
    this.pubSub = {
      ...pubSub,
      subscribe: (channel, listener) => {
        this.channel = channel
        this.#listener = listener
        const subscription = pubSub.subscribe(channel, (message) => this.messages.push(message))
        this.subscribed = subscription
        return subscription
      },
    }
  }

  hold<R>(call: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      let reply: R | undefined
      const end = (settle: () => void) => {
        this.calls.splice(this.calls.indexOf(gated), 1)
        settle()
      }
      const gated = {
        hasRun: false,
        async run() {
          reply = await call()
          gated.hasRun = true
        },
        answer: () => end(() => resolve(reply as R)),
        fail: () => {
          const code = gated.hasRun ? 'outcome-unknown' : 'store-unavailable'
          end(() => reject(new StoreError(code, 'on purpose')))
        },
      }
      this.calls.push(gated)
    })
  }

  /** Lets the instance hear its oldest message. */
  deliver(): void {
    const message = this.messages.shift()
    if (message !== undefined) this.#listener(message)
  }

  hear(message: string): void {
    this.#listener(message)
  }
}
