import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS, invalid, Problem, problemResponses } from '../http/problem.js'
import { IdempotencyHeaders, requestIdentity } from '../http/request-fingerprint.js'
import { fromCursor, toCursor, toEntry, toListedEntry, toResults } from './answers.js'
import { boardRoutes, noBoard } from './board-routes.js'
import { type BoardConfig, type Column, scoreText } from './config.js'
import * as schemas from './entry-schemas.js'
import { exportRoute } from './export-route.js'
import type { LeaderboardMetrics } from './metrics.js'
import { queryRoutes } from './query-routes.js'
import { BoardParams, Deleted, EntryParams } from './schemas.js'
import { seasonRoutes } from './season-routes.js'
import type { LeaderboardStore } from './store.js'

export interface LeaderboardRouteOptions {
  readonly store: LeaderboardStore
  readonly metrics: LeaderboardMetrics
  readonly idempotencyTtlMs: number
}

const MAX_METADATA_BYTES = 1_024

export const leaderboardRoutes: FastifyPluginAsyncTypebox<LeaderboardRouteOptions> = async (
  app,
  { store, metrics, idempotencyTtlMs },
) => {
  app.register(boardRoutes, { store })
  app.register(queryRoutes, { store })
  app.register(exportRoute, { store })
  app.register(seasonRoutes, { store })

  app.post(
    '/:board/scores',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'submitScores',
        summary: 'Submit scores; each is answered with its rank',
        tags: ['leaderboards'],
        params: BoardParams,
        headers: IdempotencyHeaders,
        body: schemas.SubmitRequest,
        response: {
          200: schemas.SubmitResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'season-closed', 'idempotency-conflict'),
        },
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const entries = request.body.entries.map((entry, at) => ({
        member: entry.member,
        score: entry.score,
        scores: entry.scores,
        op: entry.op,
        ifSeq: entry.ifSeq,
        metadata: entry.metadata && toMetadata(entry.metadata, at),
      }))
      const identity = requestIdentity(request, idempotencyTtlMs)
      const outcome = await store.submit(request.namespace, board, entries, identity)
      if (outcome.outcome !== 'submitted') {
        metrics.refused(outcome.outcome)
        throw refused(board, outcome)
      }
      for (const entry of outcome.entries) metrics.submitted(entry.outcome)
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      return { results: toResults(outcome, entries) }
    },
  )

  app.get(
    '/:board/entries',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'listEntries',
        summary: 'A page of entries by place, cursor or range of scores',
        tags: ['leaderboards'],
        params: BoardParams,
        querystring: schemas.PageQuery,
        response: {
          200: schemas.PageResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { board } = request.params
      const { from, limit, order, cursor, season } = request.query
      const page = await store.page(request.namespace, board, season, (config) => ({
        from,
        limit,
        worst: order === 'worst' ? 1 : 0,
        ...scoreRange(config, request.query),
        ...cursorArgs(config, cursor),
      }))
      if (page.outcome === 'missing') throw noBoard(board)
      const entries = order === 'worst' ? page.entries.toReversed() : page.entries
      const last = entries.at(-1)
      return {
        entries: entries.map((entry) => toListedEntry(page.config, entry)),
        total: page.total,
        season: page.season,
        nextCursor:
          last && page.more
            ? toCursor({ scores: last.scores, sequence: page.lastSequence, member: last.member })
            : null,
      }
    },
  )

  app.get(
    '/:board/entries/:member',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'getEntry',
        summary: 'Rank, position, percentile and tier of one member',
        tags: ['leaderboards'],
        params: EntryParams,
        querystring: schemas.EntryQuery,
        response: {
          200: schemas.EntryResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { board, member } = request.params
      const reply = await store.members(request.namespace, board, request.query.season, {
        members: [member],
      })
      if (reply.outcome === 'missing') throw noBoard(board)
      const { config, total, season, members } = reply
      const entry = members[0]
      if (!entry || entry.found === 'absent') throw noEntry(board, member)
      return { ...toEntry(config, member, entry, total), total, season }
    },
  )

  app.get(
    '/:board/entries/:member/around',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'listEntriesAround',
        summary: 'A member and its neighbours',
        tags: ['leaderboards'],
        params: EntryParams,
        querystring: schemas.AroundQuery,
        response: {
          200: schemas.AroundResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { board, member } = request.params
      const { count, season } = request.query
      const reply = await store.around(request.namespace, board, season, { member, count })
      if (reply.outcome === 'missing') throw noBoard(board)
      if (reply.entries.length === 0) throw noEntry(board, member)
      return {
        entries: reply.entries.map((entry) => toListedEntry(reply.config, entry)),
        total: reply.total,
        season: reply.season,
      }
    },
  )

  app.delete(
    '/:board/entries/:member',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'deleteEntry',
        summary: 'Take a member out of a season',
        tags: ['leaderboards'],
        params: EntryParams,
        querystring: schemas.EntryQuery,
        response: {
          200: Deleted,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { board, member } = request.params
      const { season } = request.query
      const reply = await store.remove(request.namespace, board, season, { member })
      if (reply.outcome === 'missing') throw noBoard(board)
      return { deleted: reply.removed }
    },
  )
}

const noEntry = (board: string, member: string): Problem =>
  new Problem('not-found', `"${member}" has no entry on "${board}".`)

function refused(
  board: string,
  outcome: Exclude<Awaited<ReturnType<LeaderboardStore['submit']>>, { outcome: 'submitted' }>,
): Problem {
  switch (outcome.outcome) {
    case 'refused': {
      const { at, field, message } = outcome.problem
      return invalid(`body/entries/${at}/${field}`, message)
    }
    case 'closed':
      return new Problem('season-closed', `"${board}" is closed until its next season.`)
    case 'conflict':
      return new Problem(
        'idempotency-conflict',
        'This Idempotency-Key was used for another request.',
      )
  }
}

function toMetadata(metadata: object, at: number): string {
  const text = JSON.stringify(metadata)
  if (Buffer.byteLength(text) > MAX_METADATA_BYTES) {
    throw invalid(`body/entries/${at}/metadata`, `must be at most ${MAX_METADATA_BYTES} bytes`)
  }
  return text
}

/** The ends of a range of scores of the first column, the better one first. */
function scoreRange(
  { columns }: BoardConfig,
  { minScore, maxScore }: { minScore?: string; maxScore?: string },
) {
  const min = rangeScore(columns[0] as Column, 'minScore', minScore)
  const max = rangeScore(columns[0] as Column, 'maxScore', maxScore)
  return columns[0]?.order === 'desc'
    ? { best_score: max, worst_score: min }
    : { best_score: min, worst_score: max }
}

function rangeScore(column: Column, field: string, score: string | undefined): string {
  if (score === undefined) return ''
  const text = scoreText(column, score)
  if (text === undefined) throw invalid(`querystring/${field}`, `must be a ${column.type}`)
  return text
}

function cursorArgs({ columns }: BoardConfig, text: string | undefined) {
  if (text === undefined) return { after: '', after_seq: '0', after_member: '' }
  const cursor = fromCursor(text)
  const scores = cursor?.scores.split(' ') ?? []
  const fits = scores.every(
    (score, at) => columns[at] && scoreText(columns[at], score) !== undefined,
  )
  if (!cursor || scores.length !== columns.length || !fits) {
    throw invalid('querystring/cursor', 'must be the nextCursor of a page of this board')
  }
  return { after: cursor.scores, after_seq: cursor.sequence, after_member: cursor.member }
}
