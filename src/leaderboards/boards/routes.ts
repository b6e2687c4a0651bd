import { logChange } from '../../http/change-log.js'
import { DocumentHeaders } from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { PageQuery, readPage } from '../../http/pages.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { noBoard, problemResponses, responses } from '../problems.js'
import { BoardParams } from '../schemas.js'
import type { LeaderboardRoutes } from '../services.js'
import { faulty, otherVersion, toConfigured, toLeaderboard } from './answer.js'
import { boardFault } from './rules.js'
import * as schemas from './schemas.js'
import { LeaderboardSettings, PatchLeaderboardRequest } from './settings-schemas.js'

/** Boards: settings, current season, names. */
export const boardRoutes: LeaderboardRoutes = async (app, { store }) => {
  app.put(
    '/:board',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'putLeaderboard',
        summary: 'Create a board, or replace its settings',
        description:
          'Sets every setting: one that is absent gets its default. A first submission creates a board too, so this is for other settings than the defaults. Once the board has entries, the settings on which their order depends are fixed, and another value is refused with 409 `config-immutable`. A stale `If-Match` is refused with 412.',
        tags: ['leaderboards'],
        params: BoardParams,
        headers: DocumentHeaders,
        body: LeaderboardSettings,
        response: {
          ...responses(schemas.Leaderboard, 'config-immutable', 'precondition-failed'),
          201: schemas.Leaderboard,
        },
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const fault = boardFault(request.body)
      if (fault) throw faulty(fault)
      const when = toPrecondition(request.headers)
      const outcome = await store.configure(request.namespace, board, request.body, when)
      return toConfigured(reply, board, outcome)
    },
  )

  app.patch(
    '/:board',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'patchLeaderboard',
        summary: 'Change some settings of a board',
        description:
          'Sets the settings that are sent and keeps the others. A setting with fields of its own, such as `season`, is replaced as a whole: its absent fields get their defaults. Nothing is reset to its default by being absent; use PUT for that. Settings on which the order of entries depends are refused with 409 `config-immutable` once there are entries.',
        tags: ['leaderboards'],
        params: BoardParams,
        headers: DocumentHeaders,
        body: PatchLeaderboardRequest,
        response: responses(
          schemas.Leaderboard,
          'board-not-found',
          'config-immutable',
          'precondition-failed',
        ),
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const when = toPrecondition(request.headers)
      const outcome = await store.patch(request.namespace, board, request.body, when)
      return toConfigured(reply, board, outcome)
    },
  )

  app.get(
    '/:board',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'getLeaderboard',
        summary: 'Get the settings and the current season of a board',
        description:
          'Answers all settings, also those that have their defaults, and the season to which submissions go now. The ETag is for `If-Match` of a later change.',
        tags: ['leaderboards'],
        params: BoardParams,
        response: responses(schemas.Leaderboard, 'board-not-found'),
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const found = await store.describe(request.namespace, board)
      if (found.kind === 'missing') throw noBoard(board)
      return toLeaderboard(reply, board, found)
    },
  )

  app.delete(
    '/:board',
    {
      config: { scope: 'leaderboards:write' },
      schema: {
        operationId: 'deleteLeaderboard',
        summary: 'Delete a board with all its seasons',
        description:
          'Deletes the settings, the entries of all seasons and the list of hidden members. Succeeds as well if there is no such board. A later submission creates a new board of this name, with the defaults or a template.',
        tags: ['leaderboards'],
        params: BoardParams,
        headers: DocumentHeaders,
        response: {
          204: { description: 'There is no such board now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const when = toPrecondition(request.headers)
      const { kind, version: before } = await store.drop(request.namespace, board, when)
      if (kind === 'precondition') throw otherVersion(board)
      if (kind === 'dropped') logChange(request, 'board.delete', { board, before })
      return reply.code(204).send(null)
    },
  )

  app.get(
    '',
    {
      config: { scope: 'leaderboards:read', names: 'in-handler' },
      schema: {
        operationId: 'listLeaderboards',
        summary: 'List the boards of the namespace by name',
        description:
          'Answers names, sorted by their bytes; read one board for its settings. A board that ended by `ttlMs` is not listed.',
        tags: ['leaderboards'],
        querystring: PageQuery,
        response: responses(schemas.LeaderboardList),
      },
    },
    ({ namespace, query, names }) =>
      readPage(query, names, (...range) => store.list(namespace, ...range)),
  )
}
