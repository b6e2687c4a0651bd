import { logChange } from '../../http/change-log.js'
import { DocumentHeaders, REMOVE_PROBLEMS, recordRemoval, withETag } from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { PageQuery } from '../../http/pages.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { QueueParams } from '../fields.js'
import { problemResponses, queueNotFound, responses } from '../problems.js'
import { queueOf } from '../request.js'
import type { QueueRoutes } from '../services.js'
import { toContent, toSettled } from './answer.js'
import * as schemas from './schemas.js'

export const overviewRoutes: QueueRoutes = async (app, services) => {
  const { configuration, overview, listQueues } = services

  app.get(
    '/:queue',
    {
      config: { scope: 'queues:read' },
      schema: {
        operationId: 'getQueue',
        summary: 'Show the settings of a queue and what it holds',
        description:
          'The settings, with the defaults of those that were left out, the number of messages in each state, and totals since the first message. 404 only for a queue that has neither settings nor messages. Reading changes nothing.',
        tags: ['queues'],
        params: QueueParams,
        response: responses(schemas.QueueResponse, 'queue-not-found'),
      },
    },
    async (request, reply) => {
      const queue = await queueOf(request, configuration.settingsOf)
      const [document, counts] = await Promise.all([
        configuration.get(queue.namespace, queue.name),
        overview.counts(queue),
      ])
      if (!document && !counts) throw queueNotFound(queue.name)
      if (document) withETag(reply, document)
      return { ...toSettled(queue.name, document), ...toContent(counts) }
    },
  )

  app.get(
    '',
    {
      config: { scope: 'queues:read', names: 'in-handler' },
      schema: {
        operationId: 'listQueues',
        summary: 'List queues with what they hold',
        description:
          'Queues with settings of their own and queues with messages, by name, page by page. A page may have fewer items than `limit` though more follow: a queue may end while it is listed.',
        tags: ['queues'],
        querystring: PageQuery,
        response: responses(schemas.QueueList),
      },
    },
    async (request) => {
      const { items, ...next } = await listQueues(request)
      return { items: items.map(({ name, content }) => ({ name, ...toContent(content) })), ...next }
    },
  )

  app.delete(
    '/:queue',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'deleteQueue',
        summary: 'Delete a queue with its settings and messages',
        description:
          'Removes the settings, all messages, dead letters and totals, at once. Receipts of its messages are worth nothing from then on, also in a later queue of the same name. It succeeds as well where there is nothing to delete. A queue of the configuration file is refused (409): purge it.',
        tags: ['queues'],
        params: QueueParams,
        headers: DocumentHeaders,
        response: {
          204: { description: 'There is no such queue now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, ...REMOVE_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const when = toPrecondition(request.headers)
      const queue = await queueOf(request, configuration.settingsOf)
      const { namespace, name } = queue
      const outcome = await configuration.remove(namespace, name, when)
      recordRemoval(request, outcome, 'queue', name)
      const hadMessages = await overview.remove(queue, outcome.kind === 'removed')
      if (hadMessages && outcome.kind === 'missing') {
        logChange(request, 'queue.delete', { queue: name, before: 0 })
      }
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/:queue/purge',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'purgeQueue',
        summary: 'Delete the messages of a queue in one state',
        description:
          'Deletes the messages in one state that were sent before the call, in steps of 500, each atomic; later ones stay. A message whose state changes meanwhile may stay. Deliveries of deleted messages are settled as `gone`. Repeating the call is safe.',
        tags: ['queues'],
        params: QueueParams,
        body: schemas.PurgeRequest,
        response: responses(schemas.Purged),
      },
    },
    async (request) => {
      const { state } = request.body
      const queue = await queueOf(request, configuration.settingsOf)
      const purged = await overview.purge(queue, state)
      if (purged > 0)
        logChange(request, 'queue.purge', { queue: queue.name, state, messages: purged })
      return { purged }
    },
  )
}
