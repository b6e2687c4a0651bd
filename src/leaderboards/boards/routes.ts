import { logChange } from '../../http/change-log.js'
import { DocumentHeaders } from '../../http/documents.js'
import { toETag, toPrecondition } from '../../http/etag.js'
import { invalid, type Problem } from '../../http/problem.js'
import type { BoardConfig } from '../config.js'
import { noBoard, problem, responses } from '../problems.js'
import * as schemas from '../schemas.js'
import { NEVER_MS } from '../seasons/windows.js'
import type { LeaderboardRoutes } from '../services.js'
import type { LeaderboardStore } from '../store.js'
import type { FixedChange } from './fixed-settings.js'
import { boardFault } from './rules.js'

/** Boards: configuration, state, names. */
export const boardRoutes: LeaderboardRoutes = async (app, { store }) => {
  app.put(
    '/:board',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'putLeaderboard',
        summary: 'Create a board, or change its configuration',
        tags: ['leaderboards'],
        params: schemas.BoardParams,
        headers: DocumentHeaders,
        body: schemas.BoardRequest,
        response: responses(schemas.BoardSaved, 'config-immutable', 'precondition-failed'),
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const config: BoardConfig = request.body
      const fault = boardFault(config)
      if (fault) throw invalid(`body/${fault.field}`, fault.message)
      const when = toPrecondition(request.headers)
      const done = await store.configure(request.namespace, board, config, when)
      if (done.kind === 'precondition') throw otherVersion(board)
      if (done.kind === 'immutable') throw immutable(board, done.changes)
      if (done.kind !== 'unchanged') {
        const versions = { before: Number(done.before), version: Number(done.version) }
        logChange(request, 'board.put', { board, ...versions })
      }
      reply.header('etag', tagOf(done.version))
      return { name: board, created: done.kind === 'created' }
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
        response: responses(schemas.BoardState, 'not-found'),
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const state = await store.describe(request.namespace, board, undefined, {})
      if (state.kind === 'missing') throw noBoard(board)
      const { config, version, season, total, closed } = state
      reply.header('etag', tagOf(version))
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
        headers: DocumentHeaders,
        response: responses(schemas.Deleted, 'precondition-failed'),
      },
    },
    async (request) => {
      const { board } = request.params
      const when = toPrecondition(request.headers)
      const { kind, version: before } = await store.drop(request.namespace, board, when)
      if (kind === 'precondition') throw otherVersion(board)
      if (kind === 'dropped') logChange(request, 'board.delete', { board, before })
      return { deleted: kind === 'dropped' }
    },
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
        response: responses(schemas.ListResponse),
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

const otherVersion = (board: string): Problem =>
  problem('precondition-failed', `"${board}" has another version.`)

function immutable(board: string, changes: readonly FixedChange[]): Problem {
  const texts = changes.map(
    ({ setting, present, wanted }) =>
      `${setting} is ${JSON.stringify(present)} and cannot become ${JSON.stringify(wanted)}`,
  )
  const detail = `"${board}" has entries: ${texts.join('; ')}.`
  return problem('config-immutable', detail, { extensions: { changes } })
}

/** Versions are times in microseconds, so they are exact as numbers. */
const tagOf = (version: string): string => toETag(Number(version))

function resetInMs(store: LeaderboardStore, { season }: BoardConfig): number | null {
  const { endMs, nowMs } = store.currentSeason(season)
  return endMs === NEVER_MS ? null : Math.max(0, endMs - nowMs)
}
