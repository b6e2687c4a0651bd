import { releaseIfLost } from '../../deliveries/abandon.js'
import { ReceiveQuery } from '../../deliveries/schemas.js'
import { toResults, toSettlements } from '../../deliveries/settle-request.js'
import type { Settlement } from '../../deliveries/settlement.js'
import { LIST_BODY_BYTES } from '../../http/body.js'
import {
  IdempotencyHeaders,
  idempotencyConflict,
  requestIdentity,
} from '../../http/request-fingerprint.js'
import { QueueParams } from '../fields.js'
import { responses, tooManyReceivers } from '../problems.js'
import { queueOf } from '../request.js'
import type { QueueRoutes } from '../services.js'
import type { Queue } from '../settings.js'
import { toReceived } from './answer.js'
import * as schemas from './schemas.js'

export const deliveryRoutes: QueueRoutes = async (app, services) => {
  const { configuration, deliveries, waitList, metrics, idempotencyTtlMs } = services
  const settle = async (queue: Queue, settlements: readonly Settlement[]) => {
    const settled = await deliveries.settle(queue, settlements)
    metrics.settled(settled)
    return settled.statuses
  }

  app.post(
    '/:queue/receive',
    {
      config: { scope: 'queues:receive', queryFields: ['limit', 'visibilityMs', 'waitMs'] },
      schema: {
        operationId: 'receiveMessages',
        summary: 'Receive messages of a queue',
        description:
          'Delivers messages by priority and then by age, each under a receipt: settle it within `visibleForMs`, or the message is delivered again and counts one failure more. An empty list is the normal answer of an empty or paused queue; with `waitMs` the call first waits for a message, and answers as soon as there is one. Send an `Idempotency-Key`, and a retry gets those of the same messages that still stand under their receipts; without one, messages whose answer a client did not wait for are ready again at once.',
        tags: ['queues'],
        params: QueueParams,
        querystring: ReceiveQuery,
        headers: IdempotencyHeaders,
        body: schemas.ReceiveMessagesRequest,
        response: responses(schemas.ReceivedMessages, 'idempotency-conflict', 'too-many-receivers'),
      },
    },
    async (request, reply) => {
      const queue = await queueOf(request, configuration.settingsOf)
      const idempotency = requestIdentity(request, idempotencyTtlMs)
      const client = request.raw.socket
      const outcome = await waitList.receive(queue, { ...request.body, idempotency, client })
      if (outcome.kind === 'conflict') throw idempotencyConflict()
      if (outcome.kind === 'too-many-receivers') throw tooManyReceivers(queue)
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      if (!idempotency) releaseIfLost(reply, (all) => settle(queue, all), outcome.deliveries)
      return reply.type('application/json').send(toReceived(outcome.deliveries) as never)
    },
  )

  app.post(
    '/:queue/settle',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'queues:receive', served: 'lease' },
      schema: {
        operationId: 'settleMessages',
        summary: 'Acknowledge, reject, extend or release deliveries',
        description:
          'Settles each delivery by itself, in one call; the status of each says what happened. An acknowledgement that comes late counts until another consumer gets the message. Repeating a settle is harmless: a receipt works once, and `gone` means that the message is done.',
        tags: ['queues'],
        params: QueueParams,
        body: schemas.SettleMessagesRequest,
        response: responses(schemas.SettledMessages),
      },
    },
    async (request) => {
      const settlements = toSettlements(request.body)
      const queue = await queueOf(request, configuration.settingsOf)
      return { results: toResults(settlements, await settle(queue, settlements)) }
    },
  )
}
