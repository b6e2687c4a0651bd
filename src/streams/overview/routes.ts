import { logChange } from '../../http/change-log.js'
import { DocumentHeaders, REMOVE_PROBLEMS, recordRemoval, withETag } from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { PageQuery } from '../../http/pages.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { StreamParams } from '../fields.js'
import { problemResponses, responses, streamNotFound } from '../problems.js'
import { streamOf } from '../request.js'
import type { StreamRoutes } from '../services.js'
import { toContent, toSettled } from './answer.js'
import * as schemas from './schemas.js'

export const overviewRoutes: StreamRoutes = async (app, services) => {
  const { configuration, overview, groups, listStreams } = services

  app.get(
    '/:stream',
    {
      config: { scope: 'streams:read' },
      schema: {
        operationId: 'getStream',
        summary: 'Show the settings of a stream and what it holds',
        description:
          'The settings, with the defaults of those that were left out, the number, the bytes and the ends of its entries, and its groups. 404 only for a stream that has neither settings, nor entries, nor groups. Reading changes nothing.',
        tags: ['streams'],
        params: StreamParams,
        response: responses(schemas.StreamResponse, 'stream-not-found'),
      },
    },
    async (request, reply) => {
      const stream = await streamOf(request, configuration.settingsOf)
      const [content, all, document] = await Promise.all([
        overview.show(stream),
        groups.list(stream),
        configuration.get(stream.namespace, stream.name),
      ])
      if (!document && !content) throw streamNotFound(stream.name)
      if (document) withETag(reply, document)
      return { ...toSettled(stream.name, document), ...toContent(content), groups: all }
    },
  )

  app.get(
    '',
    {
      config: { scope: 'streams:read', names: 'in-handler' },
      schema: {
        operationId: 'listStreams',
        summary: 'List streams with what they hold',
        description:
          'Streams with settings of their own, entries or groups, by name, page by page. A page may have fewer items than `limit` though more follow: a stream may end while it is listed.',
        tags: ['streams'],
        querystring: PageQuery,
        response: responses(schemas.StreamList),
      },
    },
    async (request) => {
      const { items, ...next } = await listStreams(request)
      return { items: items.map(({ name, content }) => ({ name, ...toContent(content) })), ...next }
    },
  )

  app.delete(
    '/:stream',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'deleteStream',
        summary: 'Delete a stream with its settings, entries and groups',
        description:
          'Removes the settings, all entries and all groups, at once. Readers of its entries get `position-lost`, and later ids are larger for at least a week. It succeeds as well where there is nothing to delete. A stream of the configuration file is refused (409).',
        tags: ['streams'],
        params: StreamParams,
        headers: DocumentHeaders,
        response: {
          204: { description: 'There is no such stream now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, ...REMOVE_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const when = toPrecondition(request.headers)
      const stream = await streamOf(request, configuration.settingsOf)
      const outcome = await configuration.remove(stream.namespace, stream.name, when)
      recordRemoval(request, outcome, 'stream', stream.name)
      const hadEntries = await overview.remove(stream, outcome.kind === 'removed')
      if (hadEntries && outcome.kind === 'missing') {
        logChange(request, 'stream.delete', { stream: stream.name, before: 0 })
      }
      return reply.code(204).send(null)
    },
  )
}
