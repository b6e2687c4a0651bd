import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { COMMON_PROBLEMS } from '../http/problem.js'
import { toListedEntry } from './answers.js'
import { noBoard } from './board-routes.js'
import type { BoardConfig } from './config.js'
import * as schemas from './entry-schemas.js'
import type { ListedReply } from './entry-scripts.js'
import { problemResponses } from './problems.js'
import { BoardParams } from './schemas.js'
import type { LeaderboardStore } from './store.js'

const PAGE = 500

const EXAMPLE =
  '{"member":"ada","score":300,"rank":1,"position":1}\n' +
  '{"member":"bob","score":120,"rank":2,"position":2,"metadata":{"car":"red"}}\n'

export interface ExportRouteOptions {
  readonly store: LeaderboardStore
}

export const exportRoute: FastifyPluginAsyncTypebox<ExportRouteOptions> = async (
  app,
  { store },
) => {
  app.get(
    '/:board/export',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'exportLeaderboard',
        summary: 'All entries of a season, best first, one JSON object a line',
        tags: ['leaderboards'],
        params: BoardParams,
        querystring: schemas.EntryQuery,
        response: {
          200: {
            description: 'One entry a line; an entry that does not change is there exactly once.',
            content: { 'application/x-ndjson': { schema: Type.String({ examples: [EXAMPLE] }) } },
          },
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const read = (cursor: Cursor) =>
        store.page(request.namespace, board, request.query.season, {
          from: 1,
          limit: PAGE,
          worst: 0,
          best_score: '',
          worst_score: '',
          ...cursor,
        })
      // Before the answer begins, so that an outage is an answer and not a cut stream.
      const first = await read({ after: '', after_seq: '0', after_member: '' })
      if (first.outcome === 'missing') throw noBoard(board)
      reply.type('application/x-ndjson')
      return reply.send(Readable.from(lines(first, read)) as never)
    },
  )
}

interface Cursor {
  readonly after: string
  readonly after_seq: string
  readonly after_member: string
}

type Page = Extract<Awaited<ReturnType<LeaderboardStore['page']>>, { outcome: 'page' }>

/** One page at a time: the reader's pace is the pace of the reads. */
async function* lines(
  first: Page,
  read: (cursor: Cursor) => Promise<Page | { readonly outcome: 'missing' }>,
): AsyncGenerator<string> {
  let page = first
  while (true) {
    yield page.entries.map((entry) => toLine(page.config, entry)).join('')
    const last = page.entries.at(-1)
    if (!last || !page.more) return
    const next = await read({
      after: last.scores,
      after_seq: page.lastSequence,
      after_member: last.member,
    })
    // Deleted while it was read: what was sent is all there was.
    if (next.outcome === 'missing') return
    page = next
  }
}

const toLine = (config: BoardConfig, entry: ListedReply): string =>
  `${JSON.stringify(toListedEntry(config, entry))}\n`
