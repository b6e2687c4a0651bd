import Type from 'typebox'
import { MAX_BATCH } from '../../deliveries/settlement.js'
import { DurationMs } from '../../http/names.js'
import {
  BodyEncoding,
  Count,
  closed,
  EXAMPLE_ID,
  EXAMPLE_MESSAGE,
  Instant,
  MessageFields,
  MessageHeaders,
  MessageId,
  MessageState,
  PastMs,
  Priority,
  ShortText,
} from '../fields.js'
import { MAX_DELAY_MS, MAX_MESSAGE_BYTES, MAX_SEND_BYTES } from '../settings.js'

const OutgoingMessage = Type.Object(
  {
    body: Type.Unknown({
      description: `The body, in the form that \`encoding\` says. At most \`maxMessageBytes\` of the queue, and ${MAX_MESSAGE_BYTES} in any.`,
    }),
    encoding: BodyEncoding({
      default: 'json',
      description:
        'json: any JSON, stored as JSON.stringify prints it, so integers beyond 2^53 lose digits: send those as text. text: a string, stored as UTF-8. base64: bytes. Default json.',
    }),
    priority: {
      ...Priority,
      default: 0,
      description: 'Higher is delivered first. Default 0. 0 to 9.',
    },
    delayMs: {
      ...DurationMs(0, MAX_DELAY_MS, 'Not delivered before; not with `group`. Default 0.'),
      default: 0,
    },
    group: Type.Optional(
      ShortText(
        'Messages of one group are delivered one at a time, in the order they were sent. Default: none.',
      ),
    ),
    dedupId: Type.Optional(
      ShortText(
        'Of the messages with one id, only the first within `dedupWindowMs` is stored. Default: none.',
      ),
    ),
    headers: Type.Optional(MessageHeaders('Text that goes with the body. Default: none.')),
  },
  { ...closed, title: 'OutgoingQueueMessage' },
)

export const SendMessagesRequest = Type.Object(
  {
    messages: Type.Array(OutgoingMessage, {
      minItems: 1,
      maxItems: MAX_BATCH,
      description: `Messages, 1 to ${MAX_BATCH}: all are stored or none. Bodies and headers have at most ${MAX_SEND_BYTES} bytes together.`,
    }),
  },
  {
    ...closed,
    title: 'SendMessagesRequest',
    examples: [
      { messages: [{ body: { to: 'ada@example.com' } }] },
      {
        messages: [
          { body: 'hello', encoding: 'text', delayMs: 60_000, priority: 9 },
          { body: { order: 7 }, group: 'customer-3', dedupId: 'order-7' },
        ],
      },
    ],
  },
)

export const SentMessages = Type.Object(
  {
    messages: Type.Array(
      Type.Object(
        {
          id: MessageId,
          duplicate: Type.Boolean({
            description:
              'Whether its `dedupId` was sent before: nothing was stored, and `id` is that of the first.',
          }),
        },
        { title: 'SentMessage' },
      ),
      { description: 'What became of each message, in the order of the request.' },
    ),
    ready: Count('Messages of the queue that are ready to be delivered now.'),
  },
  {
    title: 'SentMessages',
    description: 'The messages are stored.',
    examples: [{ messages: [{ id: EXAMPLE_ID, duplicate: false }], ready: 1 }],
  },
)

export const LookQuery = Type.Object(
  {
    state: MessageState({
      default: 'ready',
      description: 'Messages in this state. Default ready.',
    }),
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_BATCH,
      default: 20,
      description: `Messages per page, 1 to ${MAX_BATCH}. Default 20.`,
    }),
    cursor: Type.Optional(
      Type.String({
        maxLength: 2_048,
        description: '`nextCursor` of the page before. Default: the first page.',
      }),
    ),
  },
  closed,
)

const LookedAtMessage = Type.Object(
  {
    ...MessageFields,
    deliveries: Count('How often it was delivered.'),
    readyInMs: Type.Optional(
      PastMs(
        'Until it is ready: of a delayed message, or until the visibility of a delivery ends.',
      ),
    ),
    error: Type.Optional(
      Type.String({ description: 'What the last nack said; absent if none said anything.' }),
    ),
    firstFailedAt: Type.Optional(Instant('When it failed first; absent if it never did.')),
    lastFailedAt: Type.Optional(Instant('When it failed last; absent if it never did.')),
  },
  { title: 'QueueMessage' },
)

export const QueueMessageList = Type.Object(
  {
    items: Type.Array(LookedAtMessage, {
      description:
        'Messages in the order of their delivery; dead letters by the time of their end.',
    }),
    nextCursor: Type.Optional(
      Type.String({ description: '`cursor` of the next page; absent on the last page.' }),
    ),
  },
  {
    title: 'QueueMessageList',
    description: 'Messages in one state. Looking at them changes nothing.',
    examples: [
      { items: [{ ...EXAMPLE_MESSAGE, deliveries: 0 }], nextCursor: 'YTB6Z3UxZDhnMA' },
      {
        items: [
          {
            ...EXAMPLE_MESSAGE,
            deliveries: 5,
            failures: 5,
            error: 'mailbox full',
            firstFailedAt: '2026-11-22T08:15:01.000Z',
            lastFailedAt: '2026-11-22T08:31:12.500Z',
          },
        ],
      },
    ],
  },
)
