import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS, type Problem } from '../http/problem.js'
import { boardProblem } from './board-rules.js'
import type { BoardConfig } from './config.js'
import { problem, problemResponses } from './problems.js'
import * as schemas from './schemas.js'
import { NEVER_MS } from './seasons.js'
import type { LeaderboardStore } from './store.js'

export interface BoardRouteOptions {
  readonly store: LeaderboardStore
}

const PRECONDITIONS = ['precondition-failed'] as const

/** Boards themselves: configuration, state, names. */
export const boardRoutes: FastifyPluginAsyncTypebox<BoardRouteOptions> = async (app, { store }) => {
  app.put(
    '/:board',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'putLeaderboard',
        summary: 'Create a board, or change what may change',
        tags: ['leaderboards'],
        params: schemas.BoardParams,
        body: schemas.BoardRequest,
        response: {
          200: schemas.BoardSaved,
          ...problemResponses(...COMMON_PROBLEMS, 'config-immutable', ...PRECONDITIONS),
        },
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const config: BoardConfig = request.body
      const fault = boardProblem(config)
      if (fault) throw fault
      const ifMatch = request.headers['if-match']?.replaceAll('"', '') ?? ''
      const { outcome, version } = await store.configure(request.namespace, board, config, ifMatch)
      if (outcome === 'precondition') {
        throw problem('precondition-failed', `"${board}" has another version.`)
      }
      if (outcome === 'immutable') {
        throw problem('config-immutable', `"${board}" has entries whose order depends on it.`)
      }
      reply.header('etag', `"${version}"`)
      return { name: board, created: outcome === 'created' }
    },
  )

  app.get(
    '/:board',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'getLeaderboard',
        summary: 'Configuration and present season of a board',
        tags: ['leaderboards'],
        params: schemas.BoardParams,
        response: {
          200: schemas.BoardState,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const state = await store.describe(request.namespace, board, undefined, {})
      if (state.outcome === 'missing') throw noBoard(board)
      const { config, version, season, total, closed } = state
      reply.header('etag', `"${version}"`)
      return { name: board, config, total, season, closed, nextResetInMs: resetInMs(store, config) }
    },
  )

  app.delete(
    '/:board',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'deleteLeaderboard',
        summary: 'Delete a board with all its seasons',
        tags: ['leaderboards'],
        params: schemas.BoardParams,
        response: { 200: schemas.Deleted, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => ({ deleted: await store.drop(request.namespace, request.params.board) }),
  )

  app.get(
    '/',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'listLeaderboards',
        summary: 'Names of the boards of the namespace',
        tags: ['leaderboards'],
        querystring: schemas.ListQuery,
        response: { 200: schemas.ListResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const { prefix, cursor, limit } = request.query
      const names = await store.list(request.namespace, prefix, cursor, limit + 1)
      const page = names.slice(0, limit)
      return {
        leaderboards: page.map((name) => ({ name })),
        nextCursor: names.length > limit ? (page.at(-1) as string) : null,
      }
    },
  )
}

export const noBoard = (board: string): Problem =>
  problem('not-found', `There is no leaderboard "${board}", or it has no such season.`)

function resetInMs(store: LeaderboardStore, { season }: BoardConfig): number | null {
  const { endMs, nowMs } = store.currentSeason(season)
  return endMs === NEVER_MS ? null : Math.max(0, endMs - nowMs)
}
