import { LIST_BODY_BYTES } from '../../http/body.js'
import { logChange } from '../../http/change-log.js'
import { QueueParams } from '../fields.js'
import { responses } from '../problems.js'
import { queueOf } from '../request.js'
import type { QueueRoutes } from '../services.js'
import * as schemas from './schemas.js'

export const deadLetterRoutes: QueueRoutes = async (app, { configuration, dead }) => {
  app.post(
    '/:queue/dead/redrive',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'queues:write', repeat: 'applies-again' },
      schema: {
        operationId: 'redriveDeadLetters',
        summary: 'Make dead letters messages again',
        description:
          'Makes dead letters ready again, by id or the oldest ones, with no failures and in the place of their id. It goes in steps of 100, each atomic, and ends where the queue is at its `capacity`. What is no dead letter is passed over, so repeating the call with `ids` is safe; a repeat with `count` takes the next ones.',
        tags: ['queues'],
        params: QueueParams,
        body: schemas.RedriveRequest,
        response: responses(schemas.Redriven),
      },
    },
    async (request) => {
      const { ids, count = 0 } = request.body
      const queue = await queueOf(request, configuration.settingsOf)
      const { ids: redriven, full } = await dead.redrive(queue, ids ? { ids } : { count })
      logDeadLetters(request, 'queue.redrive', redriven.length)
      return { redriven: redriven.length, full }
    },
  )

  app.post(
    '/:queue/dead/discard',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'queues:write' },
      schema: {
        operationId: 'discardDeadLetters',
        summary: 'Delete dead letters',
        description:
          'Deletes dead letters by id; to delete all, purge the state `dead`. Repeating the call is safe: what is no dead letter is passed over.',
        tags: ['queues'],
        params: QueueParams,
        body: schemas.DiscardRequest,
        response: responses(schemas.Discarded),
      },
    },
    async (request) => {
      const queue = await queueOf(request, configuration.settingsOf)
      const discarded = await dead.discard(queue, request.body.ids)
      logDeadLetters(request, 'queue.discard', discarded.length)
      return { discarded: discarded.length }
    },
  )
}

type Request = Parameters<typeof logChange>[0]

function logDeadLetters(request: Request, change: string, messages: number): void {
  const { queue } = request.params as { queue: string }
  if (messages > 0) logChange(request, change, { queue, messages })
}
