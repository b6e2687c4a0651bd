import { COMMON_PROBLEMS } from '../../http/problem.js'
import { positionLost } from '../entries/answer.js'
import { problemResponses, readerNotFound, responses } from '../problems.js'
import { streamOf } from '../request.js'
import type { StreamRoutes } from '../services.js'
import * as schemas from './schemas.js'

export const readerRoutes: StreamRoutes = async (app, { configuration, readers }) => {
  app.put(
    '/:stream/readers/:reader',
    {
      config: { scope: 'streams:read' },
      schema: {
        operationId: 'markStreamReader',
        summary: 'Mark how far a reader has read',
        description:
          'Keeps the id of the newest entry that the reader saw; a mark never moves back, and the answer has the one that stands. A stream keeps 10000 marks: beyond, the one goes that was set longest ago. 410 `position-lost` for an id whose history was replaced by another.',
        tags: ['streams'],
        params: schemas.ReaderParams,
        body: schemas.MarkRequest,
        response: responses(schemas.StreamReader, 'position-lost'),
      },
    },
    async (request) => {
      const { reader } = request.params
      const { seen } = request.body
      const outcome = await readers.mark(
        await streamOf(request, configuration.settingsOf),
        reader,
        seen,
      )
      if (outcome.kind === 'lost') throw positionLost(seen, outcome)
      return { name: reader, seen: outcome.seen, unread: outcome.unread }
    },
  )

  app.get(
    '/:stream/readers/:reader',
    {
      config: { scope: 'streams:read' },
      schema: {
        operationId: 'getStreamReader',
        summary: 'Show how far a reader has read',
        description: 'The mark of the reader, and how many entries follow it.',
        tags: ['streams'],
        params: schemas.ReaderParams,
        response: responses(schemas.StreamReader, 'reader-not-found'),
      },
    },
    async (request) => {
      const { reader } = request.params
      const stream = await streamOf(request, configuration.settingsOf)
      const mark = await readers.get(stream, reader)
      if (!mark) throw readerNotFound(stream.name, reader)
      return { name: reader, ...mark }
    },
  )

  app.delete(
    '/:stream/readers/:reader',
    {
      config: { scope: 'streams:read' },
      schema: {
        operationId: 'deleteStreamReader',
        summary: 'Forget how far a reader has read',
        description: 'Removes the mark. It succeeds as well where there is none.',
        tags: ['streams'],
        params: schemas.ReaderParams,
        response: {
          204: { description: 'The reader has no mark now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      await readers.remove(await streamOf(request, configuration.settingsOf), request.params.reader)
      return reply.code(204).send(null)
    },
  )
}
