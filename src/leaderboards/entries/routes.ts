import { logChange } from '../../http/change-log.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { toListedEntry, toStanding } from '../answer.js'
import { PREVIOUS } from '../boards/known-boards.js'
import type { BoardConfig, Column } from '../config.js'
import { noMember, notFound, problemResponses, responses } from '../problems.js'
import { BoardParams, EntryParams } from '../schemas.js'
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
        summary: 'List entries by place, cursor or range of scores',
        description:
          'Answers entries from the best or the worst, with their ranks of this moment. With a cursor, an entry that does not change between calls is answered exactly once, and the page is of the season of the first one. A large page is read in parts, each of a moment of its own.',
        tags: ['leaderboards'],
        params: BoardParams,
        querystring: schemas.PageQuery,
        response: responses(schemas.LeaderboardEntryList, ...READ_PROBLEMS),
      },
    },
    async (request) => {
      const { board } = request.params
      const { from, limit, startWith } = request.query
      const cursor = readCursor(request.query)
      const season = cursor ?? request.query.season
      const page = await store.range(request.namespace, board, season, (config) => {
        const scores = scoreRange(config, request.query)
        const after = cursor && requireFit(config, cursor)
        return Object.assign(scores, { from, limit, startWith, after })
      })
      if (page.kind === 'missing') throw notFound(board, page)
      return {
        items: page.entries.map((entry) => toListedEntry(page.config, entry)),
        total: page.total,
        seasonId: page.season,
        ...(page.next && { nextCursor: toCursor(page.next) }),
      }
    },
  )

  app.get(
    '/:board/entries/:member',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'getEntry',
        summary: 'Get the rank, percentile and tier of a member',
        description:
          'Answers the entry of a member in the current season, or in the season that is named. A hidden member has scores, but no rank, position and percentile. Without an entry it is 404 `member-not-found`.',
        tags: ['leaderboards'],
        params: EntryParams,
        querystring: schemas.EntryQuery,
        response: responses(schemas.MemberStanding, ...READ_PROBLEMS, 'member-not-found'),
      },
    },
    async (request) => {
      const { board, member } = request.params
      const { season: asked } = request.query
      const reply = await store.members(request.namespace, board, asked, [member])
      if (reply.kind === 'missing') throw notFound(board, reply)
      const { config, total, season: seasonId, members } = reply
      const entry = members[0]
      if (!entry || entry.found === 'absent') throw noMember(board, member)
      return Object.assign(toStanding(config, member, entry), { total, seasonId })
    },
  )

  app.get(
    '/:board/entries/:member/around',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'listEntriesAround',
        summary: 'List a member and its neighbours',
        description:
          'Answers the member in the middle and the same number of entries above and below it. At the edges of the board the page is shifted, so that it stays full. A hidden member has no neighbours: 404 `member-not-found`.',
        tags: ['leaderboards'],
        params: EntryParams,
        querystring: schemas.AroundQuery,
        response: responses(schemas.NeighbourList, ...READ_PROBLEMS, 'member-not-found'),
      },
    },
    async (request) => {
      const { board, member } = request.params
      const { count, season } = request.query
      const reply = await store.around(request.namespace, board, season, { member, count })
      if (reply.kind === 'missing') throw notFound(board, reply)
      if (reply.entries.length === 0) throw noMember(board, member)
      return {
        items: reply.entries.map((entry) => toListedEntry(reply.config, entry)),
        total: reply.total,
        seasonId: reply.season,
      }
    },
  )

  app.delete(
    '/:board/entries/:member',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'deleteEntry',
        summary: 'Delete the entry of a member in one season',
        description:
          'Deletes the entry and its metadata in the current season, or in the season that is named. Succeeds as well if there is no such entry, season or board. The sequence of `ifSeq` is kept, so that a late delivery does not bring the entry back.',
        tags: ['leaderboards'],
        params: EntryParams,
        querystring: schemas.EntryQuery,
        response: {
          204: { description: 'There is no such entry now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { board, member } = request.params
      const { season } = request.query
      const done = await store.remove(request.namespace, board, season, { member })
      if (done.kind === 'done' && done.removed) {
        logChange(request, 'entry.delete', { board, member, season })
      }
      return reply.code(204).send(null)
    },
  )
}

const READ_PROBLEMS = ['board-not-found', 'season-not-found'] as const

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
