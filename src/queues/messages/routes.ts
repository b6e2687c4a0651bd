import { fromCursor } from '../../http/pages.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import {
  IdempotencyHeaders,
  idempotencyConflict,
  requestIdentity,
} from '../../http/request-fingerprint.js'
import { QueueParams } from '../fields.js'
import { problemResponses, queueFull, responses } from '../problems.js'
import { queueOf } from '../request.js'
import type { QueueRoutes } from '../services.js'
import { toPage } from './answer.js'
import { toMessages } from './request.js'
import { LookQuery, QueueMessageList, SendMessagesRequest, SentMessages } from './schemas.js'

/** A send of the largest messages in base64, with room for what JSON escapes. */
const SEND_BODY_BYTES = 2 * 1024 * 1024

export const messageRoutes: QueueRoutes = async (app, services) => {
  const { configuration, messages, metrics, idempotencyTtlMs } = services

  app.post(
    '/:queue/messages',
    {
      bodyLimit: SEND_BODY_BYTES,
      config: { scope: 'queues:send' },
      schema: {
        operationId: 'sendMessages',
        summary: 'Send messages to a queue',
        description:
          'Stores all messages or none; a queue exists by its first message. 429 `too-many-messages` is the answer of a full queue. Send an `Idempotency-Key`, and a retry stores nothing again; a `dedupId` does the same for one message from any sender.',
        tags: ['queues'],
        params: QueueParams,
        headers: IdempotencyHeaders,
        body: SendMessagesRequest,
        response: {
          201: SentMessages,
          ...problemResponses(...COMMON_PROBLEMS, 'idempotency-conflict', 'too-many-messages'),
        },
      },
    },
    async (request, reply) => {
      const queue = await queueOf(request, configuration.settingsOf)
      const outgoing = toMessages(queue, request.body.messages)
      const outcome = await messages.send(
        queue,
        outgoing,
        requestIdentity(request, idempotencyTtlMs),
      )
      metrics.sent(outcome)
      switch (outcome.kind) {
        case 'conflict':
          throw idempotencyConflict()
        case 'full':
          throw queueFull(queue, outcome.limit)
      }
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      reply.code(201)
      return { messages: [...outcome.messages], ready: outcome.ready }
    },
  )

  app.get(
    '/:queue/messages',
    {
      config: { scope: 'queues:read' },
      schema: {
        operationId: 'listMessages',
        summary: 'Look at messages of a queue without a delivery',
        description:
          'Messages in one state, page by page: ready ones in the order of their delivery, delayed and leased ones by the time at which they are ready, dead letters by the time of their end. No counter moves, and no receipt is shown. A page ends after 256 KiB of bodies. A message that changes its state between two pages may be missing or come twice.',
        tags: ['queues'],
        params: QueueParams,
        querystring: LookQuery,
        response: responses(QueueMessageList),
      },
    },
    async (request, reply) => {
      const queue = await queueOf(request, configuration.settingsOf)
      const { state, limit, cursor } = request.query
      const after = cursor && fromCursor(cursor, '')
      const outcome = await messages.look(queue, { state, limit, after })
      if (outcome.kind === 'unknown-cursor') {
        throw invalid('query/cursor', 'must be the nextCursor of a page of this queue')
      }
      return reply.type('application/json').send(toPage(state, outcome) as never)
    },
  )
}
