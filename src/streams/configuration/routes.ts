import {
  DocumentHeaders,
  PUT_PROBLEMS,
  REMOVE_PROBLEMS,
  toPatch,
  toPut,
} from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { StreamParams } from '../fields.js'
import { responses, streamNotFound } from '../problems.js'
import type { StreamRoutes } from '../services.js'
import { type SentSettings, toSettings } from '../settings.js'
import { toConfigured } from './answer.js'
import { ConfiguredStreamResponse, PatchStreamRequest, StreamRequest } from './schemas.js'
import type { StreamDocument } from './store.js'

export const configurationRoutes: StreamRoutes = async (app, { configuration, overview }) => {
  /** An answer of changed settings, by which the stream ends from now on. */
  async function answer(namespace: string, document: StreamDocument) {
    const settings = toSettings(document.value)
    await overview.applyAge({ namespace, name: document.name, settings })
    return toConfigured(document)
  }

  app.put(
    '/:stream',
    {
      config: { scope: 'streams:write' },
      schema: {
        operationId: 'putStream',
        summary: 'Set all settings of a stream',
        description:
          'Creates the settings of a stream or replaces all of them: a setting that is left out takes its default. Entries stay; the next appends drop what is beyond a lower bound. The change holds at once in the process that answers, and within a second in the others. A stream of the configuration file is refused (409).',
        tags: ['streams'],
        params: StreamParams,
        headers: DocumentHeaders,
        body: StreamRequest,
        response: {
          ...responses(ConfiguredStreamResponse, ...PUT_PROBLEMS),
          201: ConfiguredStreamResponse,
        },
      },
    },
    async (request, reply) => {
      const { stream } = request.params
      const when = toPrecondition(request.headers)
      const outcome = await configuration.put(request.namespace, stream, request.body, when)
      return answer(request.namespace, toPut(reply, outcome, 'stream', stream))
    },
  )

  app.patch(
    '/:stream',
    {
      config: { scope: 'streams:write' },
      schema: {
        operationId: 'patchStream',
        summary: 'Change some settings of a stream',
        description:
          'Sets the fields that are sent, and keeps the others. The change is atomic: of two callers that change different fields at once neither loses its change. A stream without settings of its own is 404, also if it has entries: PUT them. To give a setting its default again, PUT all of them.',
        tags: ['streams'],
        params: StreamParams,
        headers: DocumentHeaders,
        body: PatchStreamRequest,
        response: responses(ConfiguredStreamResponse, ...REMOVE_PROBLEMS, 'stream-not-found'),
      },
    },
    async (request, reply) => {
      const { stream } = request.params
      const when = toPrecondition(request.headers)
      const change = (present: SentSettings) => ({ ...present, ...request.body })
      const outcome = await configuration.patch(request.namespace, stream, change, when)
      const document = toPatch(reply, outcome, 'stream', stream)
      if (!document) throw streamNotFound(stream)
      return answer(request.namespace, document)
    },
  )
}
