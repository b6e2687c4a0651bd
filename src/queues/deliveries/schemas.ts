import Type from 'typebox'
import { receiveRequest, settleSchemas } from '../../deliveries/schemas.js'
import { DurationMs } from '../../http/names.js'
import { EXAMPLE_MESSAGE, EXAMPLE_RECEIPT, MessageFields, PastMs, Receipt } from '../fields.js'
import { MAX_DELAY_MS } from '../settings.js'

export const ReceiveMessagesRequest = receiveRequest({
  title: 'ReceiveMessagesRequest',
  one: 'a message',
  many: 'Messages',
  settings: 'queue',
})

const Delivery = Type.Object(
  {
    ...MessageFields,
    receipt: Receipt,
    visibleForMs: PastMs('Never more than the time left to settle it.'),
  },
  { title: 'QueueDelivery' },
)

export const ReceivedMessages = Type.Object(
  {
    items: Type.Array(Delivery, {
      description:
        'Messages, by priority and then by age; empty if none is ready, or was within `waitMs`. The list ends after 256 KiB of bodies, so it may be shorter than `limit` though more are ready.',
    }),
  },
  {
    title: 'ReceivedMessages',
    description: 'The messages, each with the receipt that settles it.',
    examples: [
      { items: [{ ...EXAMPLE_MESSAGE, receipt: EXAMPLE_RECEIPT, visibleForMs: 29_999 }] },
      { items: [] },
    ],
  },
)

const delay = {
  delayMs: Type.Optional(
    DurationMs(
      0,
      MAX_DELAY_MS,
      'Time until it is delivered again. Default: a random one by the `backoff` of the queue.',
    ),
  ),
}

const settle = settleSchemas(Receipt, EXAMPLE_RECEIPT, delay, {
  titles: {
    request: 'SettleMessagesRequest',
    nack: 'QueueNack',
    extension: 'QueueExtension',
    status: 'QueueSettleStatus',
    item: 'SettledMessage',
    answer: 'SettledMessages',
  },
  ack: 'Done: the messages are deleted.',
  nack: 'Failed: the messages are delivered again after a while, or become dead letters.',
  dead: 'Make it a dead letter now; not with `delayMs`. Default false.',
  release: 'Not done, and no failure: the messages are ready again at once.',
  status:
    'acked, retrying, extended, released: done as asked. dead: it is a dead letter now. stale: nothing was changed. The message was delivered again or is a dead letter; or the visibility has ended, which only an acknowledgement survives; or an extension would go beyond 12 hours. gone: there is no such message: acked before, expired or discarded.',
})

export const SettleMessagesRequest = settle.Request
export const SettledMessages = settle.Answer
