import { logChange } from '../../http/change-log.js'
import { noBoard, problem, responses } from '../problems.js'
import { BoardParams } from '../schemas.js'
import type { LeaderboardRoutes } from '../services.js'
import * as schemas from './schemas.js'
import { endOf } from './windows.js'

/** Operations on a running board: seasons, close and open, hidden members. */
export const seasonRoutes: LeaderboardRoutes = async (app, { store }) => {
  app.get(
    '/:board/seasons',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'listSeasons',
        summary: 'List the seasons of a board that have entries',
        description:
          'Answers the current season, if it has entries, and the ended ones that are kept (`season.keep`). Their ids are accepted as `season` by the reading operations.',
        tags: ['leaderboards'],
        params: BoardParams,
        response: responses(schemas.LeaderboardSeasonList, 'board-not-found'),
      },
    },
    async (request) => {
      const { board } = request.params
      const reply = await store.seasons(request.namespace, board, undefined, {})
      if (reply.kind === 'missing') throw noBoard(board)
      const items = reply.seasons.map(({ id, endMs, ended, total }) => ({
        id,
        ...endOf(endMs),
        ended,
        total,
      }))
      return { items }
    },
  )

  for (const [verb, { repeat, ...text }] of Object.entries(CLOSURES)) {
    app.post(
      `/:board/${verb}`,
      {
        config: { scope: 'leaderboards:write', ...(repeat && { repeat }) },
        schema: {
          operationId: `${verb}Season`,
          ...text,
          tags: ['leaderboards'],
          params: BoardParams,
          response: responses(
            schemas.SeasonClosure,
            'board-not-found',
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
        return { seasonId: season, changed }
      },
    )
  }

  for (const [verb, text] of Object.entries(VISIBILITIES)) {
    app.post(
      `/:board/${verb}`,
      {
        config: { scope: 'leaderboards:write' },
        schema: {
          operationId: `${verb}Member`,
          ...text,
          tags: ['leaderboards'],
          params: BoardParams,
          body: schemas.HideMemberRequest,
          response: responses(schemas.MemberVisibility, 'board-not-found'),
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

interface Closure {
  readonly summary: string
  readonly description: string
  readonly repeat?: 'applies-again'
}

const CLOSURES: Readonly<Record<'close' | 'open', Closure>> = {
  close: {
    repeat: 'applies-again',
    summary: 'Refuse submissions until the next season begins',
    description:
      'Submissions to the board are refused with 409 `season-closed` until the current season ends; reads go on. A board without seasons cannot be closed: 409 `no-next-season`. Closing a closed season changes nothing; a repeat after the season ended closes the next.',
  },
  open: {
    summary: 'Accept submissions to a closed season again',
    description: 'Undoes a close. Opening a season that is open changes nothing.',
  },
}

const VISIBILITIES = {
  hide: {
    summary: 'Remove a member from the ranks of every season',
    description:
      'The others move up. The scores of the member are kept, and its later submissions are stored without a rank, until it is shown again. It needs no entry to be hidden.',
  },
  unhide: {
    summary: 'Rank a hidden member again',
    description:
      'The member takes the place that its stored scores give it, in every season. Showing a member that is not hidden changes nothing.',
  },
}

const endless = (board: string) =>
  problem('no-next-season', `"${board}" has no seasons, so it would be closed for ever.`)
