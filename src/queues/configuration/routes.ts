import {
  DocumentHeaders,
  PUT_PROBLEMS,
  REMOVE_PROBLEMS,
  toPatch,
  toPut,
} from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { QueueParams } from '../fields.js'
import { queueNotFound, responses } from '../problems.js'
import type { QueueRoutes } from '../services.js'
import { type SentSettings, toSettings } from '../settings.js'
import { toConfigured } from './answer.js'
import { ConfiguredQueueResponse, PatchQueueRequest, QueueRequest } from './schemas.js'

export const configurationRoutes: QueueRoutes = async (app, { configuration, overview }) => {
  app.put(
    '/:queue',
    {
      config: { scope: 'queues:write' },
      schema: {
        operationId: 'putQueue',
        summary: 'Set all settings of a queue',
        description:
          'Creates the settings of a queue or replaces all of them: a setting that is left out takes its default. Messages stay, also where a bound is lower than what the queue holds. The change holds at once in the process that answers, and within a second in the others. A queue of the configuration file is refused (409).',
        tags: ['queues'],
        params: QueueParams,
        headers: DocumentHeaders,
        body: QueueRequest,
        response: {
          ...responses(ConfiguredQueueResponse, ...PUT_PROBLEMS),
          201: ConfiguredQueueResponse,
        },
      },
    },
    async (request, reply) => {
      const { queue } = request.params
      const when = toPrecondition(request.headers)
      const { namespace, body } = request
      await overview.keep({ namespace, name: queue, settings: toSettings(body) })
      const outcome = await configuration.put(namespace, queue, body, when)
      return toConfigured(toPut(reply, outcome, 'queue', queue))
    },
  )

  app.patch(
    '/:queue',
    {
      config: { scope: 'queues:write' },
      schema: {
        operationId: 'patchQueue',
        summary: 'Change some settings of a queue',
        description:
          'Sets the fields that are sent, and keeps the others; `backoff` is one field. The change is atomic: of two callers that change different fields at once neither loses its change. A queue without settings of its own is 404, also if it has messages: PUT them. To give a setting its default again, PUT all of them.',
        tags: ['queues'],
        params: QueueParams,
        headers: DocumentHeaders,
        body: PatchQueueRequest,
        response: responses(ConfiguredQueueResponse, ...REMOVE_PROBLEMS, 'queue-not-found'),
      },
    },
    async (request, reply) => {
      const { queue } = request.params
      const when = toPrecondition(request.headers)
      const { namespace, body } = request
      const change = (present: SentSettings) => ({ ...present, ...body })
      const present = await configuration.settingsOf(namespace, queue)
      await overview.keep({ namespace, name: queue, settings: toSettings(change(present)) })
      const outcome = await configuration.patch(namespace, queue, change, when)
      const document = toPatch(reply, outcome, 'queue', queue)
      if (!document) throw queueNotFound(queue)
      return toConfigured(document)
    },
  )
}
