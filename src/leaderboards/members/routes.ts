import { logChange } from '../../http/change-log.js'
import { invalid } from '../../http/problem.js'
import { IdempotencyHeaders, requestIdentity } from '../../http/request-fingerprint.js'
import { REFUSALS, toEntry, toResults } from '../answer.js'
import { responses } from '../problems.js'
import type { LeaderboardRoutes } from '../services.js'
import { onEach } from './every-board.js'
import * as schemas from './schemas.js'

interface Walk {
  readonly namespace: string
  readonly params: { readonly member: string }
  readonly query: { readonly cursor: string }
}

/** There is no index of members, so a call visits this many boards. */
const BOARDS_PER_CALL = 500

/** One member on many boards. */
export const memberRoutes: LeaderboardRoutes = async (app, { store, idempotencyTtlMs }) => {
  app.post(
    '/leaderboard-submissions',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'submitToLeaderboards',
        summary: 'Submit a member to several boards; atomic on each, not across them',
        tags: ['leaderboards'],
        headers: IdempotencyHeaders,
        body: schemas.SubmissionsRequest,
        response: responses(schemas.SubmissionsResponse),
      },
    },
    async (request) => {
      const { member, boards } = request.body
      const names = boards.map(({ board }) => board)
      const twice = names.findIndex((name, at) => names.indexOf(name) < at)
      if (twice >= 0) throw invalid(`body/boards/${twice}/board`, 'must be unique')
      const identity = requestIdentity(request, idempotencyTtlMs)
      const results = await Promise.all(
        boards.map(async ({ board, ...scores }) => {
          const entries = [{ member, ...scores }]
          const outcome = await store.submit(request.namespace, board, entries, identity)
          if (outcome.kind === 'submitted') return { board, ...toResults(outcome.parts)[0]! }
          return { board, member, changed: false, error: REFUSALS[outcome.kind] }
        }),
      )
      return { results }
    },
  )

  app.get(
    '/members/:member/leaderboards',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'listMemberLeaderboards',
        summary: 'The entries of a member on the boards of the namespace, 500 boards a call',
        tags: ['leaderboards'],
        params: schemas.MemberParams,
        querystring: schemas.WalkQuery,
        response: responses(schemas.MemberBoards),
      },
    },
    async (request) => {
      const { results, ...walked } = await walk(request, entriesOf)
      return { leaderboards: results.flat(), ...walked }
    },
  )

  app.delete(
    '/members/:member/leaderboards',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'eraseMember',
        summary: 'Delete a member from all seasons of the boards, 500 boards a call',
        tags: ['leaderboards'],
        params: schemas.MemberParams,
        querystring: schemas.WalkQuery,
        response: responses(schemas.Erased),
      },
    },
    async (request) => {
      const { member } = request.params
      const { results, ...walked } = await walk(request, erase)
      const entries = results.reduce((sum, seasons) => sum + seasons, 0)
      if (entries > 0) logChange(request, 'member.erase', { member, entries })
      return { entries, ...walked }
    },
  )

  /** The entry of a member on one board, if it has one. */
  async function entriesOf(namespace: string, board: string, member: string) {
    const reply = await store.members(namespace, board, undefined, [member])
    const entry = reply.kind === 'members' ? reply.members[0] : undefined
    if (reply.kind === 'missing' || !entry || entry.found === 'absent') return []
    const { config, total, season } = reply
    return [{ board, ...toEntry(config, member, entry), total, season }]
  }

  /** @returns number of seasons of one board that had the member */
  async function erase(namespace: string, board: string, member: string): Promise<number> {
    const reply = await store.erase(namespace, board, member)
    return reply.kind === 'done' ? reply.seasons : 0
  }

  /** Does the same for a member on each board after the cursor. */
  async function walk<T>(
    { namespace, params: { member }, query }: Walk,
    ask: (namespace: string, board: string, member: string) => Promise<T>,
  ) {
    const names = await store.list(namespace, '', query.cursor, BOARDS_PER_CALL)
    const { results, failed } = await onEach(names, (board) => ask(namespace, board, member))
    const isFull = names.length === BOARDS_PER_CALL
    return { results, ...failed, nextCursor: isFull ? (names.at(-1) as string) : null }
  }
}
