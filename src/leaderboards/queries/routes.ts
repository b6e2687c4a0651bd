import { LIST_BODY_BYTES } from '../../http/body.js'
import { invalid } from '../../http/problem.js'
import { toListedEntry, toStanding } from '../answer.js'
import type { BoardConfig } from '../config.js'
import type { MemberReply } from '../entries/scripts.js'
import { notFound, responses } from '../problems.js'
import { BoardParams } from '../schemas.js'
import { toScoreTexts } from '../scores.js'
import type { LeaderboardRoutes } from '../services.js'
import { LeaderboardQueryResult, QueryLeaderboardRequest } from './schemas.js'

export const queryRoutes: LeaderboardRoutes = async (app, { store }) => {
  app.post(
    '/:board/query',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'queryLeaderboard',
        summary: 'Query members, the place of a score, or a percentile',
        description:
          'Answers one of three questions: how these members stand among each other, where a score would land, or which entry is the worst of the best share. Members without an entry are in `notFound`, which is no error. More than about 50 members are read in parts, each of a moment of its own.',
        tags: ['leaderboards'],
        params: BoardParams,
        body: QueryLeaderboardRequest,
        response: responses(LeaderboardQueryResult, 'board-not-found', 'season-not-found'),
      },
    },
    async (request) => {
      const { board } = request.params
      const { namespace, body } = request
      if (body.members) {
        const members = [...new Set(body.members)]
        const reply = await store.members(namespace, board, body.season, members)
        if (reply.kind === 'missing') throw notFound(board, reply)
        const { config, total, season: seasonId } = reply
        return { ...toPlaces(config, members, reply.members), total, seasonId }
      }
      const reply = await store.where(namespace, board, body.season, (config) => ({
        scores: body.percentile === undefined ? queriedScores(config, body) : '',
        percentile: body.percentile ?? 0,
      }))
      if (reply.kind === 'missing') throw notFound(board, reply)
      const { config, entry, total, season: seasonId } = reply
      if (body.percentile === undefined) return { ...toPlaceOf(config, reply), total, seasonId }
      return { ...(entry && { entry: toListedEntry(config, entry) }), total, seasonId }
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
    items: found.map(({ member, reply }, at) => ({
      ...toStanding(config, member, reply),
      ...(reply.found === 'ranked' && { place: at + 1 }),
    })),
    notFound: members.filter((_member, at) => replies[at]?.found === 'absent'),
  }
}

const sortKey = ({ position }: MemberReply): number => position || Number.MAX_SAFE_INTEGER

/** The place of a new member that submits the score now; it counts as equal and in the total. */
function toPlaceOf(
  { ranking, ties }: BoardConfig,
  { lower, upper, dense, total }: { lower: number; upper: number; dense: number; total: number },
) {
  const position = ties === 'last' ? lower + 1 : upper + 1
  const ranks = { competition: lower + 1, modified: upper + 1, dense, ordinal: position }
  const equal = upper + 1 - lower
  return {
    rank: ranks[ranking],
    position,
    percentile: (100 * (total - upper + equal / 2)) / (total + 1),
  }
}
