import { logChange } from '../../http/change-log.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import {
  IdempotencyHeaders,
  idempotencyConflict,
  requestIdentity,
} from '../../http/request-fingerprint.js'
import { StreamParams } from '../fields.js'
import { problemResponses, responses, streamFull, tooManyReaders } from '../problems.js'
import { streamOf } from '../request.js'
import type { StreamRoutes } from '../services.js'
import { positionLost, toPage } from './answer.js'
import { toEntries, toRead } from './request.js'
import * as schemas from './schemas.js'

/** An append of the most bytes in base64, with room for what JSON escapes. */
const APPEND_BODY_BYTES = 2 * 1024 * 1024

export const entryRoutes: StreamRoutes = async (app, services) => {
  const { configuration, entries, pageWaits, metrics, idempotencyTtlMs } = services

  app.post(
    '/:stream/entries',
    {
      bodyLimit: APPEND_BODY_BYTES,
      config: { scope: 'streams:append' },
      schema: {
        operationId: 'appendToStream',
        summary: 'Append entries to a stream',
        description:
          'Appends all entries or none; a stream exists by its first entry. A full stream drops its oldest entries, or refuses with 429 `too-many-entries` where `whenFull` says so. Send an `Idempotency-Key`, and a retry appends nothing again.',
        tags: ['streams'],
        params: StreamParams,
        headers: IdempotencyHeaders,
        body: schemas.AppendEntriesRequest,
        response: {
          201: schemas.AppendedEntries,
          ...problemResponses(...COMMON_PROBLEMS, 'idempotency-conflict', 'too-many-entries'),
        },
      },
    },
    async (request, reply) => {
      const stream = await streamOf(request, configuration.settingsOf)
      const contents = toEntries(stream, request.body)
      const identity = requestIdentity(request, idempotencyTtlMs)
      const outcome = await entries.append(stream, contents, identity)
      metrics.appended(contents.length, outcome)
      if (outcome.kind === 'conflict') throw idempotencyConflict()
      if (outcome.kind === 'full') throw streamFull(stream, outcome.limit)
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      reply.code(201)
      return { entries: outcome.ids.map((id) => ({ id })) }
    },
  )

  app.get(
    '/:stream/entries',
    {
      config: { scope: 'streams:read' },
      schema: {
        operationId: 'readStream',
        summary: 'Read entries of a stream',
        description:
          'Entries between two places, page by page, the oldest or the newest first. A page ends after 256 KiB. 410 `position-lost` is the answer where entries after the id in `after` were dropped; `start`, `end` and times are never lost. A stream that does not exist reads as empty. With `waitMs` the call waits where the page would be empty, and answers as soon as there is an entry.',
        tags: ['streams'],
        params: StreamParams,
        querystring: schemas.EntriesQuery,
        response: responses(schemas.StreamEntryList, 'position-lost', 'too-many-readers'),
      },
    },
    async (request, reply) => {
      const read = toRead(request.query)
      const stream = await streamOf(request, configuration.settingsOf)
      const { waitMs } = request.query
      const outcome = await pageWaits.read(stream, read, { waitMs, client: request.raw.socket })
      if (outcome.kind === 'too-many-readers') throw tooManyReaders(stream)
      if (outcome.kind === 'lost') {
        metrics.lost()
        throw positionLost(read.after, outcome)
      }
      metrics.read(outcome.entries.length)
      return reply.type('application/json').send(toPage(outcome, read) as never)
    },
  )

  app.delete(
    '/:stream/entries/:id',
    {
      config: { scope: 'streams:write' },
      schema: {
        operationId: 'deleteStreamEntry',
        summary: 'Delete an entry of a stream',
        description:
          'Removes one entry; its number is not used again, and no position is lost by it. It succeeds as well where there is no such entry.',
        tags: ['streams'],
        params: schemas.EntryParams,
        response: {
          204: { description: 'There is no such entry now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const stream = await streamOf(request, configuration.settingsOf)
      if (await entries.remove(stream, id)) {
        metrics.deleted()
        logChange(request, 'stream.remove-entry', { stream: stream.name, id })
      }
      return reply.code(204).send(null)
    },
  )
}
