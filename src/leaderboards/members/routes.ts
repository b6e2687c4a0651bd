import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { logChange } from '../../http/change-log.js'
import { toFence } from '../../http/fence.js'
import type { GrantedNames } from '../../http/granted-names.js'
import { readPage } from '../../http/pages.js'
import { invalid } from '../../http/problem.js'
import { requestIdentity } from '../../http/request-fingerprint.js'
import { toRefused, toResults, toStanding } from '../answer.js'
import { responses } from '../problems.js'
import type { LeaderboardRoutes } from '../services.js'
import { SubmitHeaders } from '../submissions/schemas.js'
import { isReplayed } from '../submissions/store.js'
import { onEach } from './every-board.js'
import * as schemas from './schemas.js'

/** There is no index of members, so a call visits this many boards. */
const BOARDS_PER_CALL = 500

/** One member on many boards. */
export const memberRoutes: LeaderboardRoutes = async (app, { store, idempotencyTtlMs }) => {
  app.post(
    '/leaderboard-submissions',
    {
      config: { scope: 'leaderboards:write', names: boardsOf },
      schema: {
        operationId: 'submitToLeaderboards',
        summary: 'Submit scores of one member to several boards',
        description:
          'Atomic on each board, not across them: a board that refuses the score has an `error` in its result, and the others apply it. A board that does not exist is created. With an `Idempotency-Key` a retry applies nothing twice.',
        tags: ['leaderboards'],
        headers: SubmitHeaders,
        body: schemas.SubmitToLeaderboardsRequest,
        response: responses(schemas.BoardResults),
      },
    },
    async (request, reply) => {
      const { member, boards } = request.body
      const names = boards.map(({ board }) => board)
      const twice = names.findIndex((name, at) => names.indexOf(name) < at)
      if (twice >= 0) throw invalid(`body/boards/${twice}/board`, 'must be unique')
      const asked = {
        idempotency: requestIdentity(request, idempotencyTtlMs),
        fence: toFence(request.headers['if-fence']),
      }
      const outcomes = await Promise.all(
        boards.map(({ board, ...scores }) =>
          store.submit(request.namespace, board, [{ member, ...scores }], asked),
        ),
      )
      const applied = outcomes.flatMap((one) => (one.kind === 'submitted' ? one.parts : []))
      if (applied.length > 0 && applied.every(isReplayed)) {
        reply.header('idempotent-replayed', 'true')
      }
      const results = outcomes.map((outcome, at) => {
        const isApplied = outcome.kind === 'submitted'
        const result = isApplied ? toResults(outcome.parts)[0]! : toRefused(member, outcome.kind)
        return { board: names[at] as string, ...result }
      })
      return { results }
    },
  )

  app.get(
    '/members/:member/leaderboards',
    {
      config: { scope: 'leaderboards:read', names: 'in-handler' },
      schema: {
        operationId: 'listMemberLeaderboards',
        summary: 'List the entries of a member on all boards',
        description:
          'Visits 500 boards a call, by name, and answers those where the member has an entry in the current season; follow `nextCursor` for the others. A board that cannot be read is named in `failed`. A member without entries is an empty list.',
        tags: ['leaderboards'],
        params: schemas.MemberParams,
        querystring: schemas.WalkQuery,
        response: responses(schemas.MemberLeaderboardList),
      },
    },
    async (request) => {
      const { member } = request.params
      const { namespace, names, query } = request
      const { results, ...walked } = await walk(
        { namespace, names, cursor: query.cursor, part: 'query' },
        (board) => entriesOf(namespace, board, member),
      )
      return { items: results.flat(), ...walked }
    },
  )

  app.post(
    '/members/:member/erase',
    {
      config: { scope: 'leaderboards:write', names: 'every' },
      schema: {
        operationId: 'eraseMember',
        summary: 'Erase a member from all seasons of all boards',
        description:
          'Visits 500 boards a call, by name, and deletes the entries, metadata and sequences of the member in every season that is kept; follow `nextCursor` for the other boards. A board that fails is named in `failed`: repeat the call. A hidden member stays hidden. Erasing a member without entries succeeds, with 0.',
        tags: ['leaderboards'],
        params: schemas.MemberParams,
        body: schemas.EraseMemberRequest,
        response: responses(schemas.MemberErasure),
      },
    },
    async (request) => {
      const { member } = request.params
      const { namespace, names, body } = request
      const { results, ...walked } = await walk(
        { namespace, names, cursor: body.cursor, part: 'body' },
        (board) => erase(namespace, board, member),
      )
      const erasedCount = results.reduce((sum, seasons) => sum + seasons, 0)
      if (erasedCount > 0) logChange(request, 'member.erase', { member, entries: erasedCount })
      return { erasedCount, ...walked }
    },
  )

  /** The entry of a member on one board, if it has one. */
  async function entriesOf(namespace: string, board: string, member: string) {
    const reply = await store.members(namespace, board, undefined, [member])
    const entry = reply.kind === 'members' ? reply.members[0] : undefined
    if (reply.kind === 'missing' || !entry || entry.found === 'absent') return []
    const { config, total, season: seasonId } = reply
    return [{ board, ...toStanding(config, member, entry), total, seasonId }]
  }

  /** @returns number of seasons of one board that had the member */
  async function erase(namespace: string, board: string, member: string): Promise<number> {
    const reply = await store.erase(namespace, board, member)
    return reply.kind === 'done' ? reply.seasons : 0
  }

  /** Does the same on each board of a page. */
  async function walk<T>(
    { namespace, names, cursor, part }: Walk,
    visit: (board: string) => Promise<T>,
  ) {
    const asked = { prefix: '', limit: BOARDS_PER_CALL, ...(cursor !== undefined && { cursor }) }
    const read = (...range: [string, string, number]) => store.list(namespace, ...range)
    const { items, ...next } = await readPage(asked, names, read, part)
    const boards = items.map(({ name }) => name)
    const { results, failed } = await onEach(boards, visit)
    return { results, ...failed, ...next }
  }
}

interface Walk {
  readonly namespace: string
  readonly names: GrantedNames
  readonly cursor: string | undefined
  /** Where the cursor was sent. */
  readonly part: 'query' | 'body'
}

const boardsOf = ({ body }: FastifyRequest) =>
  (body as Static<typeof schemas.SubmitToLeaderboardsRequest>).boards.map(({ board }) => board)
