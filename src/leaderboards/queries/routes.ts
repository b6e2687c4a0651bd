import { LIST_BODY_BYTES } from '../../http/body.js'
import { invalid } from '../../http/problem.js'
import { toEntry, toListedEntry } from '../answer.js'
import type { BoardConfig } from '../config.js'
import type { MemberReply } from '../entries/scripts.js'
import { noBoard, responses } from '../problems.js'
import { BoardParams } from '../schemas.js'
import { toScoreTexts } from '../scores.js'
import type { LeaderboardRoutes } from '../services.js'
import { QueryRequest, QueryResponse } from './schemas.js'

export const queryRoutes: LeaderboardRoutes = async (app, { store }) => {
  app.post(
    '/:board/query',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'queryLeaderboard',
        summary: 'Entries of named members, the place of a score, or the entry with a percentile',
        tags: ['leaderboards'],
        params: BoardParams,
        body: QueryRequest,
        response: responses(QueryResponse, 'not-found'),
      },
    },
    async (request) => {
      const { board } = request.params
      const { namespace, body } = request
      if (body.members) {
        const members = [...new Set(body.members)]
        const reply = await store.members(namespace, board, body.season, members)
        if (reply.kind === 'missing') throw noBoard(board)
        const { config, total, season } = reply
        return { ...toPlaces(config, members, reply.members), total, season }
      }
      const reply = await store.where(namespace, board, body.season, (config) => ({
        scores: body.percentile === undefined ? queriedScores(config, body) : '',
        percentile: body.percentile ?? 0,
      }))
      if (reply.kind === 'missing') throw noBoard(board)
      const { config, entry, total, season } = reply
      if (body.percentile === undefined) return { ...toPlaceOf(config, reply), total, season }
      return { entry: entry ? toListedEntry(config, entry) : null, total, season }
    },
  )
}

function queriedScores(config: BoardConfig, query: Parameters<typeof toScoreTexts>[1]): string {
  const texts = toScoreTexts(config, query)
  if (!Array.isArray(texts)) throw invalid(`body/${texts.field}`, texts.message)
  return texts.join(' ')
}

/** The members that have an entry, best first, hidden ones last, with their places in this list. */
function toPlaces(
  config: BoardConfig,
  members: readonly string[],
  replies: readonly MemberReply[],
) {
  const found = members
    .map((member, at) => ({ member, reply: replies[at] as MemberReply }))
    .filter(({ reply }) => reply.found !== 'absent')
    .sort((a, b) => sortKey(a.reply) - sortKey(b.reply))
  return {
    entries: found.map(({ member, reply }, at) => ({
      ...toEntry(config, member, reply),
      place: reply.found === 'ranked' ? at + 1 : null,
    })),
    notFound: members.filter((_member, at) => replies[at]?.found === 'absent'),
  }
}

const sortKey = ({ position }: MemberReply): number => position || Number.MAX_SAFE_INTEGER

/** The place of a new member that submits the score now; it counts as equal and in the total. */
function toPlaceOf(
  { rank, ties }: BoardConfig,
  { lower, upper, dense, total }: { lower: number; upper: number; dense: number; total: number },
) {
  const position = ties === 'last' ? lower + 1 : upper + 1
  const ranks = { competition: lower + 1, modified: upper + 1, dense, ordinal: position }
  const equal = upper + 1 - lower
  return {
    rank: ranks[rank],
    position,
    percentile: (100 * (total - upper + equal / 2)) / (total + 1),
  }
}
