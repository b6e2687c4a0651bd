import { Readable } from 'node:stream'
import Type from 'typebox'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { toListedEntry } from '../answer.js'
import type { PinnedSeason, SeasonChoice } from '../boards/known-boards.js'
import type { BoardConfig } from '../config.js'
import type { Cursor, Listing } from '../entries/ranges.js'
import * as schemas from '../entries/schemas.js'
import type { ListedReply } from '../entries/scripts.js'
import { notFound, problemResponses } from '../problems.js'
import { BoardParams } from '../schemas.js'
import type { Missing } from '../script-replies.js'
import type { LeaderboardRoutes } from '../services.js'

const PAGE = 500

const EXAMPLE =
  '{"member":"ada","score":300,"rank":1,"position":1}\n' +
  '{"member":"bob","score":120,"rank":2,"position":2,"metadata":{"car":"red"}}\n'

export const exportRoute: LeaderboardRoutes = async (app, { store }) => {
  app.get(
    '/:board/export',
    {
      config: { scope: 'leaderboards:read' },
      schema: {
        operationId: 'exportLeaderboard',
        summary: 'Export all entries of a season, one JSON object a line',
        description:
          'Streams the entries of the current season, or of the season that is named, best first, as fast as the caller reads. All are of the season in which the export began; an entry that does not change meanwhile is there exactly once. If the season is deleted meanwhile, the last line is an error, so a client checks the last line.',
        tags: ['leaderboards'],
        params: BoardParams,
        querystring: schemas.EntryQuery,
        response: {
          200: {
            description:
              'One entry a line, as `LeaderboardEntry`. If the season is deleted meanwhile, even if a board of the same name follows, the last line is `{ "error": { code, detail } }`.',
            content: { 'application/x-ndjson': { schema: Type.String({ examples: [EXAMPLE] }) } },
          },
          ...problemResponses(...COMMON_PROBLEMS, 'board-not-found', 'season-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { board } = request.params
      const read = (season: SeasonChoice, after?: Cursor) =>
        store.range(request.namespace, board, season, () => ({ ...ALL, limit: PAGE, after }))
      // Read before the answer begins, so that an outage is an error and not a cut stream.
      const first = await read(request.query.season)
      if (first.kind === 'missing') throw notFound(board, first)
      reply.type('application/x-ndjson')
      return reply.send(Readable.from(lines(first, read)) as never)
    },
  )
}

const ALL = { from: 1, startWith: 'best', bestScore: '', worstScore: '' } as const

/** Reads one page at a time, as fast as the client reads. */
async function* lines(
  first: Listing,
  read: (season: PinnedSeason, after: Cursor) => Promise<Listing | Missing>,
): AsyncGenerator<string> {
  let page = first
  while (true) {
    yield page.entries.map((entry) => toLine(page.config, entry)).join('')
    if (!page.next) return
    const next = await read(first, page.next)
    if (next.kind === 'missing') return void (yield CUT_OFF)
    page = next
  }
}

/** The last line if the season was deleted during the export, because entries are missing then. */
const CUT_OFF = `${JSON.stringify({
  error: {
    code: 'season-not-found',
    detail: 'The season was deleted during the export; entries are missing.',
  },
})}\n`

const toLine = (config: BoardConfig, entry: ListedReply): string =>
  `${JSON.stringify(toListedEntry(config, entry))}\n`
