import type { components } from './api.js'
import type { Call } from './call.js'
import { fromWire, toWire } from './codecs.js'
import type { CallOptions } from './transport.js'
import { type Handler, type WorkOptions, work } from './worker.js'

type Schemas = components['schemas']

/** `body` is JSON, text as JSON, or bytes as Uint8Array. */
export type NewMessage = Omit<Schemas['OutgoingQueueMessage'], 'encoding'>

export type Delivery = Omit<Schemas['QueueDelivery'], 'receipt' | 'encoding' | 'visibleForMs'>

export class Queues {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Sends all messages or none; answers their ids. */
  async send(
    queue: string,
    messages: readonly NewMessage[],
    options?: CallOptions,
  ): Promise<Schemas['SentMessage'][]> {
    const wired = messages.map(({ body, ...message }) => {
      const { value, encoding } = toWire(body)
      return { ...message, body: value, encoding }
    })
    const input = { path: { queue }, body: { messages: wired } }
    return (await this.#call('sendMessages', input, options)).json.messages
  }

  /**
   * Works through the messages until the signal aborts. A message is acknowledged when its handler
   * ends, and fails when that throws. Its visibility is extended meanwhile.
   */
  work(queue: string, options: WorkOptions<Delivery>, handler: Handler<Delivery>): Promise<void> {
    const path = { queue }
    return work(
      {
        receive: (body, call) => this.#call('receiveMessages', { path, body }, call),
        settle: (body, call) => this.#call('settleMessages', { path, body }, call),
        toMessage,
      },
      options,
      handler,
    )
  }
}

const toMessage = ({
  receipt: _,
  visibleForMs: __,
  encoding,
  body,
  ...message
}: Schemas['QueueDelivery']): Delivery => ({ ...message, body: fromWire(body, encoding) })
