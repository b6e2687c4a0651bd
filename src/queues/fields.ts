import Type from 'typebox'
import { ByName } from '../http/by-name.js'
import { ResourceName } from '../http/names.js'

export const closed = { additionalProperties: false }

export const QueueName = {
  ...ResourceName,
  description:
    'Name of the queue: a letter or digit, then letters, digits, . _ @ -; at most 128 characters.',
}

export const QueueParams = Type.Object({ queue: QueueName })

const MAX_HEADERS = 16
const MAX_HEADER_LENGTH = 512

export const MessageId = Type.String({
  pattern: '^[0-9a-z]{1,10}$',
  description: 'Id of the message. Ids of a queue only grow, and none is used twice.',
})

export const Receipt = Type.String({
  pattern: '^[0-9a-z]{1,10}\\.[A-Za-z0-9_-]{8}$',
  description: 'The secret of one delivery, from the answer to receive.',
})

export const BodyEncoding = (options: { description: string; default?: 'json' }) =>
  Type.Enum(['json', 'text', 'base64'], { title: 'QueueBodyEncoding', ...options })

const MESSAGE_STATES = ['ready', 'delayed', 'leased', 'blocked', 'dead'] as const

export const MessageState = (options: { description: string; default?: 'ready' }) =>
  Type.Enum(MESSAGE_STATES, { title: 'QueueMessageState', ...options })

export const Priority = Type.Integer({
  minimum: 0,
  maximum: 9,
  description: 'Higher is delivered first. 0 to 9.',
})

/** Of a group or a dedup id. */
export const ShortText = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: 128,
    format: 'plain-text',
    description: `${description} 1 to 128 characters, none of them a control character.`,
  })

export const MessageHeaders = (description: string) =>
  ByName(Type.String({ maxLength: MAX_HEADER_LENGTH, format: 'plain-text' }), {
    title: 'QueueMessageHeaders',
    maxProperties: MAX_HEADERS,
    description: `${description} At most ${MAX_HEADERS}; names have 1 to 64 characters, values at most ${MAX_HEADER_LENGTH}.`,
  })

/** A number of things in an answer. */
export const Count = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })

/** A duration in an answer. */
export const PastMs = (description: string) => Count(`${description} Milliseconds.`)

export const Instant = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} RFC 3339, in UTC.` })

/** A message in an answer. */
export const MessageFields = {
  id: MessageId,
  body: Type.Unknown({ description: 'The body, in the form that `encoding` says.' }),
  encoding: BodyEncoding({ description: 'The encoding that it was sent in.' }),
  priority: Priority,
  group: Type.Optional(Type.String({ description: 'Its group; absent without one.' })),
  headers: Type.Optional(MessageHeaders('Its headers; absent without any.')),
  deliveries: Count('How often it was delivered, this time included.'),
  failures: Count('How many deliveries failed, by a nack or by the end of their visibility.'),
  sentAt: Instant('When it was sent, by the clock of Redis.'),
}

export const EXAMPLE_ID = 'a0zgu1d8g0'
export const EXAMPLE_RECEIPT = 'a0zgu1d8g0.q7Hs_2Lw'

export const EXAMPLE_MESSAGE = {
  id: EXAMPLE_ID,
  body: { to: 'ada@example.com' },
  encoding: 'json',
  priority: 0,
  deliveries: 1,
  failures: 0,
  sentAt: '2026-11-22T08:15:00.123Z',
}
