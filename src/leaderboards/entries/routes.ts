import { logChange } from '../../http/change-log.js'
import { invalid, type Problem } from '../../http/problem.js'
import { toEntry, toListedEntry } from '../answer.js'
import { PREVIOUS } from '../boards/known-boards.js'
import type { BoardConfig, Column } from '../config.js'
import { noBoard, problem, responses } from '../problems.js'
import { BoardParams, Deleted, EntryParams } from '../schemas.js'
import { scoreText } from '../scores.js'
import type { LeaderboardRoutes } from '../services.js'
import { fromCursor, toCursor } from './cursor.js'
import type { Cursor } from './ranges.js'
import * as schemas from './schemas.js'

export const entryRoutes: LeaderboardRoutes = async (app, { store }) => {
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
        response: responses(schemas.PageResponse, 'not-found'),
      },
    },
    async (request) => {
      const { board } = request.params
      const { from, limit, order } = request.query
      const cursor = readCursor(request.query)
      const season = cursor ?? request.query.season
      const page = await store.range(request.namespace, board, season, (config) => {
        const scores = scoreRange(config, request.query)
        const after = cursor && requireFit(config, cursor)
        return Object.assign(scores, { from, limit, order, after })
      })
      if (page.kind === 'missing') throw noBoard(board)
      return {
        entries: page.entries.map((entry) => toListedEntry(page.config, entry)),
        total: page.total,
        season: page.season,
        nextCursor: page.next ? toCursor(page.next) : null,
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
        response: responses(schemas.EntryResponse, 'not-found'),
      },
    },
    async (request) => {
      const { board, member } = request.params
      const { season: asked } = request.query
      const reply = await store.members(request.namespace, board, asked, [member])
      if (reply.kind === 'missing') throw noBoard(board)
      const { config, total, season, members } = reply
      const entry = members[0]
      if (!entry || entry.found === 'absent') throw noEntry(board, member)
      return Object.assign(toEntry(config, member, entry), { total, season })
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
        response: responses(schemas.AroundResponse, 'not-found'),
      },
    },
    async (request) => {
      const { board, member } = request.params
      const { count, season } = request.query
      const reply = await store.around(request.namespace, board, season, { member, count })
      if (reply.kind === 'missing') throw noBoard(board)
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
        summary: 'Delete the entry of a member in a season',
        tags: ['leaderboards'],
        params: EntryParams,
        querystring: schemas.EntryQuery,
        response: responses(Deleted, 'not-found'),
      },
    },
    async (request) => {
      const { board, member } = request.params
      const { season } = request.query
      const reply = await store.remove(request.namespace, board, season, { member })
      if (reply.kind === 'missing') throw noBoard(board)
      if (reply.removed) logChange(request, 'entry.delete', { board, member, season })
      return { deleted: reply.removed }
    },
  )
}

const noEntry = (board: string, member: string): Problem =>
  problem('not-found', `"${member}" has no entry on "${board}".`)

/** The bounds of a range of scores of the first column. */
function scoreRange(
  { columns }: BoardConfig,
  { minScore, maxScore }: { minScore?: string; maxScore?: string },
) {
  const min = rangeScore(columns[0] as Column, 'minScore', minScore)
  const max = rangeScore(columns[0] as Column, 'maxScore', maxScore)
  return columns[0]?.order === 'desc'
    ? { bestScore: max, worstScore: min }
    : { bestScore: min, worstScore: max }
}

function rangeScore(column: Column, field: string, score: string | undefined): string {
  if (score === undefined) return ''
  const text = scoreText(column, score)
  if (text === undefined) throw invalid(`query/${field}`, `must be a ${column.type}`)
  return text
}

/** A cursor stays in the season of its page. */
function readCursor({ cursor: text, season }: { cursor?: string; season?: string }) {
  if (text === undefined) return undefined
  const cursor = fromCursor(text)
  if (!cursor) throw notACursor()
  if (season !== undefined && season !== PREVIOUS && season !== cursor.season) {
    throw invalid('query/season', `is not ${cursor.season}, the season of the cursor`)
  }
  return cursor
}

function requireFit({ columns }: BoardConfig, cursor: Cursor): Cursor {
  const scores = cursor.scores.split(' ')
  const fits = scores.every(
    (score, at) => columns[at] && scoreText(columns[at], score) !== undefined,
  )
  if (scores.length !== columns.length || !fits) throw notACursor()
  return cursor
}

const notACursor = () => invalid('query/cursor', 'must be the nextCursor of a page of this board')
