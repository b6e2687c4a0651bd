import { releaseIfLost } from '../../deliveries/abandon.js'
import { ReceiveQuery } from '../../deliveries/schemas.js'
import { toResults, toSettlements } from '../../deliveries/settle-request.js'
import type { Settlement } from '../../deliveries/settlement.js'
import {
  IdempotencyHeaders,
  idempotencyConflict,
  requestIdentity,
} from '../../http/request-fingerprint.js'
import { groupNotFound, responses, tooManyEntryReceivers } from '../problems.js'
import { streamOf } from '../request.js'
import type { StreamRoutes } from '../services.js'
import { toDeadPage, toReceived } from './answer.js'
import * as deliverySchemas from './delivery-schemas.js'
import type { StreamGroup } from './delivery-store.js'
import { GroupParams } from './schemas.js'

export const groupDeliveryRoutes: StreamRoutes = async (app, services) => {
  const { configuration, consumers, idempotencyTtlMs } = services
  const { deliveries, waitList, metrics } = consumers
  const groupOf = async (
    request: Parameters<typeof streamOf>[0] & { params: { group: string } },
  ) => ({
    stream: await streamOf(request, configuration.settingsOf),
    group: request.params.group,
  })
  const settle = async (at: StreamGroup, settlements: readonly Settlement[]) => {
    const outcome = await deliveries.settle(at, settlements)
    if (outcome.kind === 'no-group') throw groupNotFound(at)
    metrics.settled(outcome)
    return outcome.statuses
  }

  app.post(
    '/:stream/groups/:group/receive',
    {
      config: { scope: 'streams:receive', queryFields: ['limit', 'visibilityMs', 'waitMs'] },
      schema: {
        operationId: 'receiveEntries',
        summary: 'Receive entries for a consumer of a group',
        description:
          'Delivers entries that are ready again, and then new ones in their order, each under a receipt: settle it within `visibleForMs`, or the entry is delivered again and counts one failure more. With `waitMs` the call first waits for an entry. A group has at most 10000 deliveries that are not settled; beyond, it gets no new ones. Send an `Idempotency-Key`, and a retry gets those of the same entries that still stand under their receipts; without one, entries whose answer a client did not wait for are ready again at once.',
        tags: ['streams'],
        params: GroupParams,
        querystring: ReceiveQuery,
        headers: IdempotencyHeaders,
        body: deliverySchemas.ReceiveEntriesRequest,
        response: responses(
          deliverySchemas.ReceivedEntries,
          'group-not-found',
          'idempotency-conflict',
          'too-many-entry-receivers',
        ),
      },
    },
    async (request, reply) => {
      const at = await groupOf(request)
      const idempotency = requestIdentity(request, idempotencyTtlMs)
      const client = request.raw.socket
      const outcome = await waitList.receive(at, { ...request.body, idempotency, client })
      switch (outcome.kind) {
        case 'no-group':
          throw groupNotFound(at)
        case 'conflict':
          throw idempotencyConflict()
        case 'too-many-receivers':
          throw tooManyEntryReceivers(at)
      }
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      if (!idempotency) releaseIfLost(reply, (all) => settle(at, all), outcome.deliveries)
      return reply.type('application/json').send(toReceived(outcome.deliveries) as never)
    },
  )

  app.post(
    '/:stream/groups/:group/settle',
    {
      config: { scope: 'streams:receive', served: 'lease' },
      schema: {
        operationId: 'settleEntries',
        summary: 'Acknowledge, reject, extend or release deliveries of a group',
        description:
          'Settles each delivery by itself, in one call; the status of each says what happened. An acknowledgement that comes late counts until another consumer gets the entry. Repeating a settle is harmless: a receipt works once, and `gone` means that the entry is done or dropped.',
        tags: ['streams'],
        params: GroupParams,
        body: deliverySchemas.SettleEntriesRequest,
        response: responses(deliverySchemas.SettledEntries, 'group-not-found'),
      },
    },
    async (request) => {
      const settlements = toSettlements(request.body)
      const at = await groupOf(request)
      return { results: toResults(settlements, await settle(at, settlements)) }
    },
  )

  app.get(
    '/:stream/groups/:group/dead',
    {
      config: { scope: 'streams:read' },
      schema: {
        operationId: 'listDeadEntries',
        summary: 'Show the dead list of a group',
        description:
          'Copies of the entries that failed `maxFailures` times, or that a nack put there, page by page, the oldest first. A page ends after 256 KiB. The list has the newest 1000, and at most 8 MiB; `DELETE` of the group removes it.',
        tags: ['streams'],
        params: GroupParams,
        querystring: deliverySchemas.DeadQuery,
        response: responses(deliverySchemas.DeadEntryList, 'group-not-found'),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const at = await groupOf(request)
      const outcome = await deliveries.dead(at, { limit, after: cursor })
      if (outcome.kind === 'no-group') throw groupNotFound(at)
      const page = toDeadPage(outcome.entries, outcome.next)
      return reply.type('application/json').send(page as never)
    },
  )
}
