import { logChange } from '../../http/change-log.js'
import { noBoard, problem, responses } from '../problems.js'
import { BoardParams } from '../schemas.js'
import type { LeaderboardRoutes } from '../services.js'
import * as schemas from './schemas.js'
import { NEVER_MS } from './windows.js'

/** Operations on a running board: seasons, close and open, hidden members. */
export const seasonRoutes: LeaderboardRoutes = async (app, { store }) => {
  app.get(
    '/:board/seasons',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'listSeasons',
        summary: 'Seasons of a board that have entries',
        tags: ['leaderboards'],
        params: BoardParams,
        response: responses(schemas.SeasonsResponse, 'not-found'),
      },
    },
    async (request) => {
      const { board } = request.params
      const reply = await store.seasons(request.namespace, board, undefined, {})
      if (reply.kind === 'missing') throw noBoard(board)
      const seasons = reply.seasons.map(({ id, endMs, ended, total }) => ({
        id,
        endsAt: endMs === NEVER_MS ? null : new Date(endMs).toISOString(),
        ended,
        total,
      }))
      return { seasons }
    },
  )

  for (const verb of ['close', 'open'] as const) {
    app.post(
      `/:board/${verb}`,
      {
        config: { scope: 'leaderboards:write' },
        schema: {
          operationId: `${verb}Season`,
          summary:
            verb === 'close'
              ? 'Refuse submissions until the next season begins'
              : 'Accept submissions to a closed season again',
          tags: ['leaderboards'],
          params: BoardParams,
          response: responses(
            schemas.ClosingResponse,
            'not-found',
            ...(verb === 'close' ? (['no-next-season'] as const) : []),
          ),
        },
      },
      async (request) => {
        const { board } = request.params
        const close = verb === 'close' ? 1 : 0
        const reply = await store.close(request.namespace, board, undefined, ({ season }) => {
          if (close && season.every === 'none') throw endless(board)
          return { close }
        })
        if (reply.kind === 'missing') throw noBoard(board)
        const { season, changed } = reply
        if (changed) logChange(request, `season.${verb}`, { board, season })
        return { season, changed }
      },
    )
  }

  for (const verb of ['hide', 'unhide'] as const) {
    app.post(
      `/:board/${verb}`,
      {
        config: { scope: 'leaderboards:write' },
        schema: {
          operationId: `${verb}Member`,
          summary:
            verb === 'hide'
              ? 'Remove a member from the ranks of every season; its scores are kept'
              : 'Rank a hidden member again',
          tags: ['leaderboards'],
          params: BoardParams,
          body: schemas.MemberRequest,
          response: responses(schemas.Changed, 'not-found'),
        },
      },
      async (request) => {
        const { board } = request.params
        const { member } = request.body
        const reply = await store.hide(request.namespace, board, member, verb === 'hide')
        if (reply.kind === 'missing') throw noBoard(board)
        if (reply.changed) logChange(request, `member.${verb}`, { board, member })
        return { changed: reply.changed }
      },
    )
  }
}

const endless = (board: string) =>
  problem('no-next-season', `"${board}" has no seasons, so it would be closed for ever.`)
